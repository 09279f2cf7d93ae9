/** Figures as people read them. */

const NUMBER = new Intl.NumberFormat('en');
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const DATE_AND_TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

export const count = (n: number): string => NUMBER.format(n);

/** `1 entry`, `12,000 entries`. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** Decimal units, as file managers show them. */
export function bytes(n: number): string {
  let value = n;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  if (unit === 0) return counted(n, 'byte');
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** Milliseconds with as many digits as say something. */
export function milliseconds(ms: number): string {
  if (ms > 0 && ms < 0.1) return '<0.1 ms';
  return `${ms < 9.95 ? ms.toFixed(1) : count(Math.round(ms))} ms`;
}

/** A time in a video: `0:04`, `0:04.5`, `1:02:03`. Tenths only where they say something. */
export function clock(seconds: number): string {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const whole = Math.floor(tenths / 10);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = whole < 3_600 && tenths % 10 !== 0 ? `.${tenths % 10}` : '';
  const padded = (n: number): string => String(n).padStart(2, '0');
  return hours > 0 ? `${hours}:${padded(minutes)}:${padded(rest)}` : `${minutes}:${padded(rest)}${tail}`;
}

/** How long something is: `2.5 seconds`, `3 min 20 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) {
    const tenths = Math.round(seconds * 10) / 10;
    return `${tenths} ${tenths === 1 ? 'second' : 'seconds'}`;
  }
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor(whole / 60) % 60} min`;
}

/** How long something took, from parts of a millisecond to hours: `0.4 ms`, `420 ms`, `2.5 seconds`. */
export const took = (seconds: number): string => (seconds < 1 ? milliseconds(seconds * 1_000) : duration(seconds));

/** How long ago something was, in its largest unit: `3 minutes`, `2 days`. @param now milliseconds */
export function age(iso: string, now = Date.now()): string {
  const minutes = Math.floor((now - Date.parse(iso)) / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return counted(minutes, 'minute');
  if (minutes < 48 * 60) return counted(Math.floor(minutes / 60), 'hour');
  return counted(Math.floor(minutes / (24 * 60)), 'day');
}

/** `27 %`; what is something is never told as nothing. */
export function percent(value: number): string {
  if (value > 0 && value < 1) return 'less than 1 %';
  return value < 100 ? `${Math.min(99, Math.round(value))} %` : '100 %';
}

export const date = (iso: string): string => DATE.format(new Date(iso));

export const dateAndTime = (iso: string): string => DATE_AND_TIME.format(new Date(iso));

/** Line numbers, runs drawn together: `5, 812–814, 2044 …`; of frames of videos line and frame: `5/12` */
export function lines(numbers: readonly number[], most: number, total: number, frames?: readonly number[]): string {
  if (frames !== undefined) {
    const places = numbers.slice(0, most).map((line, i) => (frames[i] ? `${line}/${frames[i]}` : `${line}`));
    return places.join(', ') + (places.length < total ? ' …' : '');
  }
  const runs: string[] = [];
  let shown = 0;
  for (let i = 0; i < numbers.length && runs.length < most; ) {
    let j = i;
    while (j + 1 < numbers.length && numbers[j + 1] === (numbers[j] ?? 0) + 1) j++;
    runs.push(i === j ? `${numbers[i]}` : `${numbers[i]}–${numbers[j]}`);
    shown += j - i + 1;
    i = j + 1;
  }
  return runs.join(', ') + (shown < total ? ' …' : '');
}

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `malformed-record` as `Malformed record`. */
export const reasonWords = (reason: string): string => capitalised(reason.replaceAll('-', ' '));
