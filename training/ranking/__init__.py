"""How much history counts beside search: learnt from feedback, measured on later feedback."""
