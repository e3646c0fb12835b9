import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { cpuMicros } from './cpu-time.ts';
import { startNode, untilAnswered, workersOf, type Running } from './processes.ts';

/** A server whose memory is looked at while it is under load. */
export interface WatchedServer {
  readonly running: Running;
  /** CPU time of all its processes so far (µs). */
  cpu(): number;
  /** Anonymous memory of its largest worker (MiB): now, and the most since the last call. */
  memory(): { readonly now: number; readonly most: number };
  /** Value of a metric, summed over its labels, or over those that have `label`; NaN where there is none. */
  metric(name: string, label?: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts it, on the servers' core or on all, and waits until it is ready. */
export async function startWatched(
  configFile: string,
  adminPort: number,
  cores: 'one' | 'all' = 'one',
): Promise<WatchedServer> {
  const running = startNode(['src/main.ts', 'serve', '--config', configFile], { log: `${configFile}.log` });
  if (cores === 'all') spawnSync('taskset', ['-acp', `0-${cpus().length - 1}`, String(running.pid)]);
  const page = async (path: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`);
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}`);
    return answer.text();
  };
  await untilAnswered(running, () => page('/readyz'));
  let most = 0;
  const look = (): number => {
    const now = Math.max(0, ...workersOf(running.pid).map(anonymousMiB));
    most = Math.max(most, now);
    return now;
  };
  const timer = setInterval(look, 250);
  return {
    running,
    cpu: () => cpuMicros(running.pid),
    memory: () => {
      const seen = { now: look(), most };
      most = 0;
      return seen;
    },
    metric: async (name, label = '') => {
      const lines = (await page('/metrics')).split('\n').filter((line) => /^[\w:]+[{ ]/.test(line));
      const values = lines.filter((line) => line.split(/[{ ]/, 1)[0] === name && line.includes(label));
      return values.length === 0
        ? NaN
        : values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    stop: async () => {
      clearInterval(timer);
      await running.stop();
    },
  };
}

function anonymousMiB(pid: number): number {
  try {
    const [, kilobytes] = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}
