import { duplexPair } from 'node:stream';
import test from 'ava';
import type { MadeDecision } from '../../../../src/decision/types.ts';
import { readRecordPipe, recordPipeOver } from '../../../../src/server/records/record-pipe.ts';
import { createRecordSender } from '../../../../src/server/records/record-sender.ts';
import { createRecordWriter } from '../../../../src/server/records/record-writer.ts';
import { logFolder, provedEntries } from '../../../helpers/log-folder.ts';

const made = (id: string): MadeDecision => ({ decision: { decision_id: id } }) as unknown as MadeDecision;

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};

test('no decision counts as recorded whose record the log does not take, and it takes no other record along', async (t) => {
  const { folder, open } = logFolder(t);
  const refused: string[] = [];
  const writer = createRecordWriter({
    log: open(),
    onWritable: () => undefined,
    onWritten: () => undefined,
    onLost: () => undefined,
    onRefused: ({ code }) => void refused.push(code),
  });
  const [worker, parent] = duplexPair();
  readRecordPipe(parent, (block, written) => writer.take(block, written));
  const sender = createRecordSender(
    recordPipeOver(worker, () => undefined),
    { send: async () => undefined },
    ({ decision: { decision_id: id } }) => JSON.stringify(id === 'long' ? id.repeat(20_000) : id),
  );
  // Longer than any log takes: the test waits for what becomes of a record, however busy the machine is.
  sender.budget(60_000);
  const ids = ['1', '2', '3', 'long', '4', '5'];
  const first = Promise.allSettled(ids.map((id) => sender.append(made(id))));
  await until(() => refused.length > 0);
  await t.notThrowsAsync(sender.append(made('6')));
  t.like((await first)[3], { status: 'rejected', reason: { code: 'PDP_AUDIT_UNAVAILABLE' } });
  t.deepEqual(refused, ['PDP_LIMIT_EXCEEDED']);
  t.like(writer.stats, { written: 6, lost: 1, waiting: 0 });
  await writer.close();
  t.deepEqual((await provedEntries(folder)).entries, ['"1"', '"2"', '"3"', '"4"', '"5"', '"6"']);
});
