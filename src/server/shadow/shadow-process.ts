import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ShadowBundle, ShadowRecord } from '../../audit/shadow-record.ts';
import type { Config } from '../../config/types.ts';
import type { Direction } from '../../decision/compare-decisions.ts';
import type { BundleFile } from '../bundles/bundle-file.ts';
import type { ShadowCounts } from './types.ts';
import { forkOwn } from '../processes/own-processes.ts';

export type ToShadow =
  | { readonly is: 'load'; readonly config: Config; readonly file: BundleFile; readonly about: ShadowBundle }
  /** `AnsweredDecision`, each as JSON; answered by one or more `judged`, of which the last one is `done`. */
  | { readonly is: 'decisions'; readonly decisions: readonly string[] };

export type FromShadow =
  | { readonly is: 'ready' }
  | { readonly is: 'loaded' }
  /** The bundle does not load; the process ends. */
  | { readonly is: 'failed'; readonly message: string }
  | ShadowJudged;

export interface ShadowJudged {
  readonly is: 'judged';
  readonly counts: ShadowCounts;
  readonly flips: readonly {
    readonly direction: Direction;
    readonly reason: string;
    readonly count: number;
  }[];
  readonly records: readonly ShadowRecord[];
  /** How long the policy took for each that it was asked about (ms). */
  readonly times: Float64Array;
  /** How often it was broken off. */
  readonly late: number;
  /** How long the process does nothing now, because the policy was broken off (ms). */
  readonly restMs: number;
  /** Everything that was sent is judged. */
  readonly done: boolean;
}

/** The process that asks the second bundle. */
export interface ShadowProcess {
  readonly pid: number | null;
  /** Hands over decisions; only once it has loaded, and is done with those before. */
  judge(decisions: readonly string[]): void;
  /** Ends it, whatever it does. */
  kill(): void;
}

export interface ShadowProcessOptions {
  readonly config: Config;
  readonly file: BundleFile;
  readonly about: ShadowBundle;
  readonly loaded: () => void;
  readonly judged: (judged: ShadowJudged) => void;
  /** Called once, however it ended. */
  readonly ended: (why: string) => void;
  /** What it prints (libraries do), line by line. */
  readonly log: (line: string) => void;
  /** As `silenceMs`, for tests. */
  readonly silenceMs?: number;
  readonly entry?: string;
}

/** The entry of the process, `.ts` in the checkout and `.js` in the built package. */
const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './shadow-main.ts' : './shadow-main.js', import.meta.url),
);

/** How long it may take until it has loaded (ms): a busy machine is no fault of the bundle. */
const startMs = 60_000;
/** How long it may say nothing while it judges, besides the rest that it has told (ms): it breaks policies off itself. */
const silenceMs = 15_000;

/** Besides a policy's own memory, which is limited where it is loaded (MB). */
const memoryFlags: readonly string[] = ['--max-old-space-size=256', '--max-semi-space-size=4'];

/** Starts the process. One that says nothing for too long is killed. */
export function startShadowProcess(o: ShadowProcessOptions): ShadowProcess {
  const child = forkOwn(o.entry ?? entry, {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own, as workers have: a terminal's Ctrl-C is for the parent.
    detached: true,
    execArgv: [...process.execArgv.filter((argument) => !argument.startsWith('--inspect')), ...memoryFlags],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', o.log);
  }
  let why = 'it ended';
  let failure: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const expect = (withinMs: number, what: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      why = `it was killed, because it ${what} for ${withinMs} ms`;
      child.kill('SIGKILL');
    }, withinMs);
  };
  // Where it cannot be sent, the process ends, and that is told.
  const send = (message: ToShadow): void => void child.send(message, () => undefined);
  const silence = o.silenceMs ?? silenceMs;
  expect(startMs, 'did not start');
  child.on('message', (message: FromShadow) => {
    if (message.is === 'ready') send({ is: 'load', config: o.config, file: o.file, about: o.about });
    else if (message.is === 'loaded') {
      clearTimeout(timer);
      o.loaded();
    } else if (message.is === 'failed') failure = message.message;
    else {
      if (message.done) clearTimeout(timer);
      else expect(silence + message.restMs, 'said nothing');
      o.judged(message);
    }
  });
  let over = false;
  const ended = (detail: string): void => {
    clearTimeout(timer);
    if (over) return;
    over = true;
    o.ended(failure ?? `${why} (${detail})`);
  };
  child.once('close', (code, signal) => ended(signal ?? `exit code ${code}`));
  child.once('error', (error) => {
    if (child.pid === undefined) ended(error.message);
  });
  return {
    get pid() {
      return child.pid ?? null;
    },
    judge: (decisions) => {
      expect(silence, 'said nothing');
      send({ is: 'decisions', decisions });
    },
    kill: () => {
      why = 'it was stopped';
      child.kill('SIGKILL');
    },
  };
}
