/** Days as the browser's own input has them: `2027-03-31`, in the time zone of who looks. */

/** The day so many days from now. */
export function dayAhead(days: number, now = new Date()): string {
  const then = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
}

/** The last moment of a day, as a time in UTC. @returns undefined for what is no day */
export function endOfDay(day: string): string | undefined {
  const [year, month, date] = day.split('-').map(Number);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || year === undefined || month === undefined || date === undefined)
    return undefined;
  const end = new Date(year, month - 1, date, 23, 59, 59);
  return end.getMonth() === month - 1 ? end.toISOString() : undefined;
}
