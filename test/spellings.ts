/** A way to write an instant down, given as whole seconds since 1970. */
export interface Spelling {
  name: string;
  write: (seconds: number) => string;
  python?: string; // "iso", "rfc2822" or a pattern of strptime: what in Python's library reads it
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);
const basic = (seconds: number) => iso(seconds).replaceAll(/[-:]/g, "");
const spaced = (seconds: number) => iso(seconds).replace("T", " ");
const two = (value: number) => String(value).padStart(2, "0");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const parts = (seconds: number) => {
  const date = new Date(seconds * 1000);
  const month = months[date.getUTCMonth()]!;
  const [day, clock] = [two(date.getUTCDate()), iso(seconds).slice(11)];
  const hour = date.getUTCHours();
  const half = `${hour % 12 || 12}${clock.slice(2)} ${hour < 12 ? "AM" : "PM"}`;
  const nth = Math.floor((seconds - Date.UTC(date.getUTCFullYear(), 0, 1) / 1000) / 86_400) + 1;
  return { year: date.getUTCFullYear(), month, day, clock, half, weekday: days[date.getUTCDay()]!, nth };
};
const from = (write: (of: ReturnType<typeof parts>) => string) => (seconds: number) => write(parts(seconds));
const shifted = (minutes: number, write: (seconds: number) => string) => (seconds: number) =>
  write(seconds + minutes * 60);

/** Spellings of one instant in many programs, none of which can be read otherwise. */
export const spellings: Spelling[] = [
  { name: "ISO", write: (s) => `${iso(s)}Z`, python: "iso" },
  { name: "ISO with an offset", write: shifted(330, (s) => `${iso(s)}+05:30`), python: "iso" },
  { name: "ISO with milliseconds", write: (s) => `${iso(s)}.000Z`, python: "iso" },
  { name: "ISO with a comma", write: (s) => `${iso(s)},000Z` },
  { name: "ISO without a zone", write: spaced, python: "iso" },
  { name: "ISO in lower case", write: (s) => `${iso(s)}Z`.toLowerCase() },
  { name: "ISO basic", write: (s) => `${basic(s)}Z`, python: "%Y%m%dT%H%M%S%z" },
  {
    name: "ISO basic with an offset",
    write: shifted(-180, (s) => `${basic(s)}-0300`),
    python: "%Y%m%dT%H%M%S%z",
  },
  { name: "digits alone", write: (s) => basic(s).replace("T", ""), python: "%Y%m%d%H%M%S" },
  {
    name: "ISO ordinal",
    write: from((p) => `${p.year}-${String(p.nth).padStart(3, "0")}T${p.clock}Z`),
    python: "%Y-%jT%H:%M:%S%z",
  },
  { name: "seven digits of a fraction", write: (s) => `${spaced(s)}.0000000 +00:00` },
  { name: "Go", write: (s) => `${spaced(s)} +0000 UTC` },
  { name: "Go elsewhere", write: shifted(-300, (s) => `${spaced(s)} -0500 EST`) },
  { name: "Java in UTC", write: (s) => `${iso(s)}Z[UTC]` },
  { name: "Java elsewhere", write: shifted(60, (s) => `${iso(s)}+01:00[Africa/Lagos]`) },
  { name: "BigQuery", write: (s) => `${spaced(s)} UTC` },
  { name: "DB2", write: (s) => `${iso(s).replace("T", "-").replaceAll(":", ".")}.000000` },
  { name: "slashes", write: (s) => spaced(s).replaceAll("-", "/"), python: "%Y/%m/%d %H:%M:%S" },
  { name: "EXIF", write: (s) => spaced(s).replaceAll("-", ":"), python: "%Y:%m:%d %H:%M:%S" },
  {
    name: "AM and PM",
    write: from((p) => `${p.month} ${p.day}, ${p.year}, ${p.half}`),
    python: "%b %d, %Y, %I:%M:%S %p",
  },
  {
    name: "AM and PM after ISO",
    write: (s) => `${iso(s).slice(0, 10)} ${parts(s).half}`,
    python: "%Y-%m-%d %I:%M:%S %p",
  },
  { name: "HTTP", write: (s) => new Date(s * 1000).toUTCString(), python: "rfc2822" },
  {
    name: "mail",
    write: from((p) => `${p.weekday}, ${p.day} ${p.month} ${p.year} ${p.clock} +0000`),
    python: "rfc2822",
  },
  {
    name: "asctime",
    write: from((p) => `${p.weekday} ${p.month} ${p.day} ${p.clock} ${p.year}`),
    python: "%c",
  },
  {
    name: "JavaScript",
    write: from((p) => `${p.weekday} ${p.month} ${p.day} ${p.year} ${p.clock} GMT+0000 (Coordinated Universal Time)`),
  },
  {
    name: "Apache",
    write: from((p) => `${p.day}/${p.month}/${p.year}:${p.clock} +0000`),
    python: "%d/%b/%Y:%H:%M:%S %z",
  },
  {
    name: "SAS",
    write: from((p) => `${p.day}${p.month.toUpperCase()}${p.year}:${p.clock}.000`),
    python: "%d%b%Y:%H:%M:%S.%f",
  },
  { name: "Unix seconds", write: String },
  { name: "Unix seconds with a fraction", write: (s) => `${s}.000` },
  { name: "Unix milliseconds", write: (s) => `${s}000` },
  { name: "Unix microseconds", write: (s) => `${s}000000` },
  { name: "Unix seconds as a float", write: (s) => s.toExponential(9).replace("e+", "E") },
  { name: "MongoDB", write: (s) => `{"$date":"${iso(s)}.000Z"}` },
  { name: ".NET", write: (s) => `/Date(${s}000)/` },
  { name: "encoded twice", write: (s) => `"${iso(s)}Z"` },
  { name: "blanks around it", write: (s) => `  ${iso(s)}Z ` },
];
