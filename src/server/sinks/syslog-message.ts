import { formatInstant } from '../../lib/clock.ts';
import { programVersion } from '../program.ts';
import type { RecordAbout, Urgency } from './about.ts';

/** RFC 5424 section 6.2.1. */
const severities: Readonly<Record<Urgency, number>> = { error: 3, warning: 4, notice: 5, info: 6 };

/** RFC 5424 section 7.3.1: from 1 to this, then from 1 again. */
const mostSequence = 2_147_483_647;

const byteOrderMark = '\ufeff';

export interface SyslogHeader {
  readonly facility: number;
  /** Who sends. */
  readonly hostname: string;
  readonly index: number;
  readonly about: RecordAbout;
}

/**
 * A syslog message (RFC 5424) with its length before it (RFC 5425 section 4.3, in octets). `meta sequenceId` is the record's
 * index, counted from 1. A text that is not ASCII begins with a byte order mark, as section 6.4 asks.
 */
export function syslogFrame({ facility, hostname, index, about }: SyslogHeader, text: string): Buffer {
  const priority = facility * 8 + severities[about.urgency];
  const time = about.time === 0 ? '-' : formatInstant(about.time);
  const sequence = (index % mostSequence) + 1;
  const origin = `[origin software="portreeve" swVersion="${programVersion}"]`;
  const head = `<${priority}>1 ${time} ${printable(hostname, 255)} portreeve - ${about.kind} ${origin}[meta sequenceId="${sequence}"] `;
  const message = Buffer.from(`${head}${isAscii(text) ? '' : byteOrderMark}${text}`);
  return Buffer.concat([Buffer.from(`${message.byteLength} `), message]);
}

/** PRINTUSASCII of the header's fields; `-` where nothing is left. */
function printable(text: string, most: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, most) || '-';
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}
