/**
 * Dates as HTTP writes them (RFC 9110, section 5.6.7).
 *
 * @module
 */

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "(\\d\\d):(\\d\\d):(\\d\\d)";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FIXDATE = new RegExp(`^${DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
const RFC850 = new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`,
);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`);

/**
 * Parses an HTTP-date, in any of its three forms.
 *
 * @param text The date.
 * @returns Seconds since 1970, or `undefined` if the text is no HTTP-date.
 */
export function parseHttpDate(text: string): number | undefined {
  let match = FIXDATE.exec(text);
  if (match) {
    const [, day, month, year, ...time] = match;
    return seconds(Number(year), month!, day!, time);
  }
  match = RFC850.exec(text);
  if (match) {
    const [, day, month, year, ...time] = match;
    // Two digits mean the past if they would lie more than 50 years in the future.
    const now = new Date().getUTCFullYear();
    const near = now - now % 100 + Number(year);
    return seconds(near > now + 50 ? near - 100 : near, month!, day!, time);
  }
  match = ASCTIME.exec(text);
  if (match) {
    const [, month, day, hours, minutes, secs, year] = match;
    return seconds(Number(year), month!, day!, [hours!, minutes!, secs!]);
  }
  return undefined;
}

function seconds(year: number, month: string, day: string, time: string[]): number | undefined {
  const [h, m, s] = time.map(Number) as [number, number, number];
  const index = MONTHS.indexOf(month);
  const date = new Date(Date.UTC(year, index, Number(day), h, m, Math.min(s, 59)));
  const valid = date.getUTCMonth() === index && h < 24 && m < 60 && s <= 60;
  return valid ? date.getTime() / 1000 : undefined;
}

/**
 * Formats a date for a Last-Modified field.
 *
 * @param date The date. One in the future is replaced by the current one (section 8.8.2.1).
 * @returns The date in the form of RFC 9110, section 5.6.7.
 */
export function formatHttpDate(date: Date): string {
  return new Date(Math.min(+date, Date.now())).toUTCString();
}
