import type { Command } from 'commander';
import { isWholeRecord } from '../../audit/read-record.ts';
import { proofStatus } from '../../audit/query/proof-status.ts';
import type { ProofStatus } from '../../audit/query/proof-status.ts';
import { finish } from '../command.ts';
import { decisionText } from '../decide/text.ts';
import { exitCodes } from '../exit-codes.ts';
import { fields, plain, plainJson } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { findEntry, type FoundEntry } from './find.ts';
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
    '\nAnswers 1 where the record is not the entry that the tree of its log has. The keys are those that lie in the log:' +
      '\n`audit verify` and `audit prove` go by keys that you bring.',
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
    const found = await findEntry(id, work);
    const proof = await proofStatus(found.searched.log, found.entry);
    const { origin, index, record } = found.entry;
    const words = isWholeRecord(record) ? inWords(record) : [];
    return {
      exit: proof.is === 'not_in_tree' || proof.signed === false ? exitCodes.failed : exitCodes.ok,
      data: { origin, index, in_words: words, proof, record },
      text: textOf(found, words, proof, session),
    };
  });
}

function textOf(
  { entry: { origin, index, record } }: FoundEntry,
  words: readonly string[],
  proof: ProofStatus,
  { paint }: Session,
): string {
  const sound = proof.is === 'in_tree' && proof.signed !== false;
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
