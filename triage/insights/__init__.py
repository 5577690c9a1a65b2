"""What the journal and the feedback tell of customers, articles and the service itself."""
