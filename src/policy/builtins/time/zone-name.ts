/** Where the platform knows abbreviations of other zones than its own language's. */
const locales: readonly string[] = ['en-US', 'en-GB', 'en-AU', 'en-CA', 'en-NZ', 'en-IN', 'en-ZA'];

/** Zones that the time zone database names and the platform does not, or otherwise: standard time and summer time. */
const named: Readonly<Record<string, readonly [standard: string, summer?: string]>> = {
  ...all(['HST', 'HDT'], 'America/Adak'),
  ...all(['MST'], 'America/Dawson America/Hermosillo America/Mazatlan America/Whitehorse'),
  ...all(['CST', 'CDT'], 'America/Havana'),
  ...all(['HKT'], 'Asia/Hong_Kong'),
  ...all(['WIB'], 'Asia/Jakarta Asia/Pontianak'),
  ...all(['WIT'], 'Asia/Jayapura'),
  ...all(['WITA'], 'Asia/Makassar'),
  ...all(['IST', 'IDT'], 'Asia/Jerusalem'),
  ...all(['PKT'], 'Asia/Karachi'),
  ...all(['CST'], 'Asia/Macau Asia/Shanghai Asia/Taipei'),
  ...all(['PST'], 'Asia/Manila'),
  ...all(['KST'], 'Asia/Pyongyang Asia/Seoul'),
  ...all(['JST'], 'Asia/Tokyo'),
  ...all(['GMT', 'IST'], 'Europe/Dublin'),
  ...all(['GMT', 'BST'], 'Europe/Guernsey Europe/Isle_of_Man Europe/Jersey'),
  ...all(['MSK'], 'Europe/Kirov Europe/Moscow Europe/Simferopol Europe/Volgograd'),
  ...all(['ChST'], 'Pacific/Guam Pacific/Saipan'),
  ...all(['SST'], 'Pacific/Midway Pacific/Pago_Pago'),
};

/** Zones that the platform names and the database does not. */
const unnamed =
  /^(?:America\/Miquelon|Antarctica\/(?:Casey|Troll)|Asia\/(?:Colombo|Dubai|Muscat)|Australia\/(?:Eucla|Lord_Howe)|Pacific\/Chatham)$/;

/** After so many years days of the week fall on the same dates again. */
const cycle = 28 * 365.25 * 86_400_000;

/**
 * The abbreviation of a zone at an instant, as the time zone database has it. The platform does not tell the database's
 * own: where it has none, the offset stands in (`+09`), as it does in the database for zones without a name.
 */
export function abbreviationOf(zone: string, milliseconds: number, offset: number): string {
  // Before zones there was each place's own time, to the second.
  if (offset % 60 !== 0) return 'LMT';
  // The platform knows names since 1970.
  const known = milliseconds < 0 ? milliseconds + Math.ceil(-milliseconds / cycle) * cycle : milliseconds;
  const [standard, summer] = Object.hasOwn(named, zone) ? (named[zone] ?? []) : [];
  if (standard !== undefined)
    return summer !== undefined && isSummer(zone, known, offset) ? summer : standard;
  for (const locale of unnamed.test(zone) ? [] : locales) {
    const name = nameIn(locale, zone, known, 'short');
    if (name !== undefined && /^[A-Z]{3,5}$/.test(name)) return name;
  }
  const size = Math.abs(offset);
  const hours = String(Math.trunc(size / 3600)).padStart(2, '0');
  const minutes = Math.trunc(size / 60) % 60;
  return `${offset < 0 ? '-' : '+'}${hours}${minutes === 0 ? '' : String(minutes).padStart(2, '0')}`;
}

/** The islands' summer has no name of its own on the platform. */
function isSummer(zone: string, milliseconds: number, offset: number): boolean {
  if (zone.startsWith('Europe/')) return offset === 3600;
  return /Daylight|Summer/.test(nameIn('en-GB', zone, milliseconds, 'long') ?? '');
}

const formats = new Map<string, Intl.DateTimeFormat>();
const mostFormats = 256;

function nameIn(
  locale: string,
  zone: string,
  milliseconds: number,
  style: 'short' | 'long',
): string | undefined {
  const key = `${locale} ${zone} ${style}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: style });
  if (formats.size >= mostFormats) formats.clear();
  formats.set(key, format);
  return format.formatToParts(milliseconds).find(({ type }) => type === 'timeZoneName')?.value;
}

function all(
  names: readonly [standard: string, summer?: string],
  zones: string,
): Readonly<Record<string, readonly [standard: string, summer?: string]>> {
  return Object.fromEntries(zones.split(' ').map((zone) => [zone, names]));
}
