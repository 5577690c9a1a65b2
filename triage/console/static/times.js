// The server writes times in UTC; readers see their own zone.
export function localTimes(root) {
  const language = document.documentElement.lang;
  const write = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[data-time]")) {
    const when = new Date(time.dateTime);
    if (!Number.isNaN(when.getTime())) time.textContent = write.format(when);
  }
}
