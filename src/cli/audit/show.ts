import type { Command } from 'commander';
import { isWholeRecord } from '../../audit/read-record.ts';
import { isShown, proofStatus } from '../../audit/query/proof-status.ts';
import type { ProofStatus } from '../../audit/query/proof-status.ts';
import { leafHash } from '../../audit/tlog/hash.ts';
import { finish } from '../command.ts';
import { decisionText } from '../decide/text.ts';
import { exitCodes } from '../exit-codes.ts';
import { fields, plain, plainJson } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { namedDamageNotes } from './answer-notes.ts';
import { findStored, type FoundEntry, type UnreadEntry } from './find.ts';
import { indexOption, logsOptions, withLogs, type LogsOptions } from './logs.ts';
import { madeOf } from './made-of.ts';
import { inWords, proofWords } from './words.ts';

/** `audit show`. */
export function registerAuditShow(group: Command, session: Session): void {
  const command = group
    .command('show')
    .description(
      'tell one decision in plain words, then everything that its record has, and what vouches for it',
    )
    .argument('<id>', 'decision id; or #INDEX, an entry of the log');
  indexOption(logsOptions(command)).addHelpText(
    'after',
    '\nAnswers 1 where it cannot be shown that the record is the entry that the tree of its log has and that a key of the log' +
      '\nhas signed that tree, or where the entry is no record. The keys are those that lie in' +
      '\nthe log: `audit verify` and `audit prove` go by keys that you bring.',
  );
  finish(
    command,
    session,
    [
      'audit show 019aa1c0-5b2e-7c3a-9d10-3f2a6b7c8d9e',
      'audit show 019aa1c0-5b2e-7c3a-9d10-3f2a6b7c8d9e export.zip --json',
      "audit show '#4711' /srv/logs/site-b",
    ],
    (options: LogsOptions, [id, named]) =>
      runShow(id as string, named as readonly string[], options, session),
  );
}

function runShow(
  id: string,
  named: readonly string[],
  options: LogsOptions,
  session: Session,
): Promise<Answer> {
  return withLogs(named, options, session, async (work) => {
    const found = await findStored(id, work);
    const proof = await proofStatus(found.searched.log, found.entry);
    if ('unread' in found) return unreadAnswer(found, proof, session);
    const { origin, index, record } = found.entry;
    const words = isWholeRecord(record) ? inWords(record) : [];
    const notes = namedDamageNotes(work);
    return {
      exit: isShown(proof) ? exitCodes.ok : exitCodes.failed,
      data: { origin, index, in_words: words, proof, record, notes },
      text: `${textOf(found, words, proof, session)}${notes.map((note) => `${plain(note)}\n`).join('')}`,
    };
  });
}

/** Bytes of an entry that is no record that are told to people. */
const mostBytes = 4096;

/** Whoever signed the log signed this too, so that it is told as far as it goes. */
function unreadAnswer(
  { entry: { origin, index, bytes }, unread }: UnreadEntry,
  proof: ProofStatus,
  { paint }: Session,
): Answer {
  const [length, hash] = [bytes.byteLength, Buffer.from(leafHash(bytes)).toString('hex')];
  const head = Buffer.from(bytes.subarray(0, mostBytes)).toString('utf8');
  const rest = length > mostBytes ? `and ${length - mostBytes} bytes more (--json has all)\n` : '';
  return {
    exit: exitCodes.failed,
    data: {
      ...{ origin, index, in_words: [], proof, record: null },
      unread: { problem: unread, length, leaf_hash: hash, bytes: Buffer.from(bytes).toString('base64') },
    },
    text: [
      `Entry ${index} is there, and is no record that can be read: ${plain(unread)}.\n`,
      `${plain(head)}\n${rest}`,
      fields(
        [
          ['entry', `${origin} #${index}, ${length} bytes`],
          ['hash', `${hash} (of the leaf, RFC 6962)`],
          ['proof', proofWords(proof)],
        ],
        (_, text) => paint('warn', text),
      ),
    ].join('\n'),
  };
}

function textOf(
  { entry: { origin, index, record } }: FoundEntry,
  words: readonly string[],
  proof: ProofStatus,
  { paint }: Session,
): string {
  const sound = proof.is !== 'none' && isShown(proof);
  const sections = [
    ...(words.length === 0 ? [] : [words.map((line) => `${plain(line)}\n`).join('')]),
    ...(isWholeRecord(record) ? [decisionText(madeOf(record), paint)] : []),
    `${plainJson(record)}\n`,
    fields(
      [
        ['record', `${origin} #${index}`],
        ['proof', proofWords(proof)],
      ],
      (tone, text) => paint(sound ? tone : 'warn', text),
    ),
  ];
  return sections.join('\n');
}
