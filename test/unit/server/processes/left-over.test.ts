import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { endLeftOver } from '../../../../src/server/processes/left-over.ts';
import { isOfLock, markOf } from '../../../../src/server/processes/mark.ts';
import { killProcess, markedProcesses } from '../../../../src/server/processes/marked-processes.ts';
import { beginRun, forkOwn } from '../../../../src/server/processes/own-processes.ts';
import { until } from '../../../helpers/server.ts';
import { root } from '../../../helpers/source-files.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';

/** Only Linux tells of processes as it is needed here. */
const onLinux = process.platform === 'linux' ? test : test.skip;

type Started = ChildProcess & { readonly pid: number; readonly stdin: Writable };

/** Starts a process like those of a server, and waits until it runs. */
async function started(
  t: ExecutionContext,
  args: readonly string[],
  code = 'setInterval(() => undefined, 1000);',
): Promise<Started> {
  const entry = join(temporaryFolder(t), 'worker-main.js');
  writeFileSync(entry, `${code}\nconsole.log('runs');\n`);
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child as Started;
}

onLinux('what an earlier run left is ended, stopped or not, and told process by process', async (t) => {
  const lock = randomUUID();
  const stopped = await started(t, [markOf(lock, '1-a')]);
  const running = await started(t, [markOf(lock, '2-b')]);
  stopped.kill('SIGSTOP');
  await until(() => markedProcesses((mark) => mark === markOf(lock, '1-a'))[0]?.stopped === true);
  const lines: string[] = [];
  await endLeftOver(lock, (line) => lines.push(line));
  await until(() => stopped.signalCode !== null && running.signalCode !== null);
  t.deepEqual([stopped.signalCode, running.signalCode], ['SIGKILL', 'SIGKILL']);
  t.deepEqual(
    lines.sort(),
    [
      `process ${stopped.pid} (worker, stopped), left by a server that was killed, was still there and has been ended`,
      `process ${running.pid} (worker), left by a server that was killed, was still there and has been ended`,
    ].sort(),
  );
});

onLinux('one that ends by itself is let, and not told', async (t) => {
  const lock = randomUUID();
  const code = "process.stdin.on('end', () => process.exit(7)).resume();";
  const child = await started(t, [markOf(lock, '1-a')], code);
  const lines: string[] = [];
  const ending = endLeftOver(lock, (line) => lines.push(line));
  // It runs when that begins, and has a reason to end only then.
  child.stdin.end();
  await ending;
  await until(() => child.exitCode !== null);
  t.is(child.exitCode, 7);
  t.deepEqual(lines, []);
});

onLinux('processes of another lock, and those that only name this one, are let alone', async (t) => {
  const lock = randomUUID();
  const others = [
    await started(t, [markOf(`${lock}0`, '1-a')]),
    await started(t, [markOf(lock, '1-a'), 'more']),
    await started(t, []),
  ];
  await endLeftOver(lock, (line) => t.fail(line));
  for (const other of others) t.deepEqual([other.exitCode, other.signalCode], [null, null]);
});

onLinux('a process that has the id of one that ended is not killed for it', async (t) => {
  const lock = randomUUID();
  const child = await started(t, [markOf(lock, '1-a')]);
  const [found] = markedProcesses((mark) => mark === markOf(lock, '1-a'));
  t.is(found?.pid, child.pid);
  killProcess({ pid: child.pid, startedAt: '1', what: 'worker', stopped: false });
  child.kill('SIGINT');
  await once(child, 'exit');
  t.is(child.signalCode, 'SIGINT', 'not SIGKILL, which would have come first');
});

onLinux('the end of a run ends what its processes have started, though those hear of nothing', async (t) => {
  t.timeout(60_000);
  const folder = temporaryFolder(t);
  const [hand, helper] = [join(folder, 'hand-main.ts'), join(folder, 'helper-main.ts')];
  const own = join(root, 'src/server/processes/own-processes.ts');
  writeFileSync(
    helper,
    "process.on('disconnect', () => undefined); process.send?.('runs'); setInterval(() => 0, 1000);",
  );
  writeFileSync(
    hand,
    `import { forkOwn } from ${JSON.stringify(own)};
    const child = forkOwn(${JSON.stringify(helper)}, { detached: true });
    child.once('message', () => process.send?.(child.pid));`,
  );
  const lock = randomUUID();
  const endRun = beginRun(lock);
  const child = forkOwn(hand, { detached: true });
  const [grandchild] = (await once(child, 'message')) as [number];
  t.teardown(() => {
    for (const one of markedProcesses((mark) => isOfLock(mark, lock))) killProcess(one);
  });
  process.kill(grandchild, 'SIGSTOP');
  endRun();
  await once(child, 'exit');
  t.is(child.signalCode, 'SIGKILL');
  await until(() => markedProcesses((mark) => isOfLock(mark, lock)).length === 0);
  t.pass();
});

test('a process that began no run ends what it has forked by its own end, though that hears of nothing', async (t) => {
  t.timeout(60_000);
  const folder = temporaryFolder(t);
  const [command, helper] = [join(folder, 'command.ts'), join(folder, 'helper-main.ts')];
  const own = join(root, 'src/server/processes/own-processes.ts');
  writeFileSync(
    helper,
    "process.on('disconnect', () => undefined); process.send?.('runs'); setInterval(() => 0, 1000);",
  );
  writeFileSync(
    command,
    `import { forkOwn } from ${JSON.stringify(own)};
    const child = forkOwn(${JSON.stringify(helper)}, { detached: true });
    child.once('message', () => process.stdout.write(String(child.pid), () => process.exit(7)));`,
  );
  const child = spawn(process.execPath, [command], { stdio: ['ignore', 'pipe', 'inherit'] });
  let pid = '';
  child.stdout.on('data', (chunk: Buffer) => (pid += chunk.toString()));
  let gone = false;
  t.teardown(() => !gone && pid !== '' && process.kill(Number(pid), 'SIGKILL'));
  // Both have the same stdout: it closes with the last of them.
  t.deepEqual(await once(child, 'close'), [7, null]);
  gone = true;
});
