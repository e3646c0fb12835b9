import { formatInstant } from '../../lib/clock.ts';
import { createRevocationReader } from '../../revocation/reader.ts';
import { readKeptTime } from '../../store/kept-time.ts';
import { withStore } from '../with-store.ts';
import { fail, ok, type Finding, type Patient } from './finding.ts';

const check = 'clock';
const advice = 'set the clock (NTP); every validity and every age is judged by it';

/** No clock that is right shows an earlier time: this program did not exist. */
const programBegan = Date.UTC(2026, 10, 21);
const skewMs = 5 * 60_000;

/** The clock is neither before this program was made, nor before a CRL that is already here, nor behind the kept time. */
export async function examineClock(patient: Patient): Promise<readonly Finding[]> {
  const now = patient.around.clock.now();
  if (now < programBegan)
    return [fail(check, `shows ${formatInstant(now)}, before this program was made`, advice)];
  const newest = Math.max(programBegan, ...(await issueTimes(patient)));
  if (now + skewMs < newest) {
    return [
      fail(
        check,
        `shows ${formatInstant(now)}, but a CRL in the store was issued at ${formatInstant(newest)}`,
        advice,
      ),
    ];
  }
  const kept = await keptTime(patient);
  if (kept !== undefined && now + patient.config.time.tolerance < kept) {
    const told = `shows ${formatInstant(now)}, but it was ${formatInstant(kept)} already: nothing is allowed without clock grace`;
    return [fail(check, told, `${advice}; if the kept time is wrong: portreeve time reset --why TEXT`)];
  }
  return [ok(check, formatInstant(now))];
}

/** The latest trusted time that a server kept; undefined where none did. */
async function keptTime({ config, around }: Patient): Promise<number | undefined> {
  try {
    return await withStore(config, 'read_only', around.clock, (store) => readKeptTime(store)?.kept);
  } catch {
    // A store that cannot be read is told by its own check.
    return undefined;
  }
}

async function issueTimes({ config, around }: Patient): Promise<readonly number[]> {
  try {
    return await withStore(config, 'read_only', around.clock, (store) =>
      createRevocationReader(store)
        .crls()
        .map(({ thisUpdate }) => thisUpdate),
    );
  } catch {
    // A store that cannot be read is told by its own check.
    return [];
  }
}
