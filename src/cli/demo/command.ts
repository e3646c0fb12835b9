import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { describeThrown } from '../../lib/errors.ts';
import type { RunningServer } from '../../server/running-server.ts';
import { runParent } from '../../server/run.ts';
import type { DecisionSummary } from '../../server/records/summary.ts';
import { finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import { decisionLine } from '../serve.ts';
import type { Answer, Session } from '../session.ts';
import { askRows, type RowResult } from './ask.ts';
import { ensureFleet, type Fleet } from './fleet.ts';
import { demoTable, whatNext } from './report.ts';

interface Options extends CommonOptions {
  readonly stay?: boolean;
  readonly folder?: string;
  readonly anyPort?: boolean;
}

/** Where `make run` listens, and where `make demo` does: any free port. */
const fixedAddresses = { grpc: '127.0.0.1:9191', rig: '127.0.0.1:0', admin: '127.0.0.1:9190' };
const freeAddresses = { grpc: '127.0.0.1:0', rig: '127.0.0.1:0', admin: '127.0.0.1:0' };

/** `demo`: a fleet of its own, a real server, and a question about every kind of connection. */
export function registerDemo(program: Command, session: Session): void {
  const command = program
    .command('demo')
    .description('make a demo fleet, start the server, ask it about every kind of connection')
    .option('--stay', 'listen on 127.0.0.1:9191 and stay up until Ctrl-C')
    .option('--any-port', 'with --stay: listen on free ports instead')
    .option('--folder <dir>', 'where the fleet is made and kept', '.portreeve');
  finish(command, session, ['demo', 'demo --stay'], (options: Options) => runDemo(options, session));
}

async function runDemo(options: Options, session: Session): Promise<Answer> {
  const { around } = session;
  // A run that ends by itself keeps its fleet apart, so that it can go beside one that stays.
  const parent = resolve(around.folder, options.folder ?? '.portreeve');
  const folder = options.stay ? parent : join(parent, 'once');
  const log = (line: string): void => void around.stderr.write(`portreeve: ${plain(line)}\n`);
  const fixed = options.stay === true && options.anyPort !== true;
  const fleet = await ensureFleet(folder, fixed ? fixedAddresses : freeAddresses, around.clock.now());
  log(`${fleet.made ? 'made' : 'reusing'} the demo fleet in ${relative(around.folder, folder)}`);
  return options.stay ? stay(fleet, folder, session, log) : once(fleet, session, log);
}

/** Asks every row and ends; exit 0 only if all came out as expected. */
async function once(fleet: Fleet, session: Session, log: (line: string) => void): Promise<Answer> {
  const end = new AbortController();
  const asked = Promise.withResolvers<readonly RowResult[]>();
  const ran = serve(fleet, session, log, {
    abort: end.signal,
    onReady: (server) => void askAll(server, fleet, session).then(asked.resolve, asked.reject),
  });
  try {
    const results = await Promise.race([asked.promise, ran.then(() => [])]);
    return answerOf(results, session);
  } finally {
    end.abort();
    await ran;
  }
}

/**
 * Asks every row, prints the table, and goes on deciding, one printed line a decision; as JSON, one object in the end with
 * what came of the rows.
 */
async function stay(
  fleet: Fleet,
  folder: string,
  session: Session,
  log: (line: string) => void,
): Promise<Answer> {
  const print = (text: string): void => void (session.json || session.around.stdout.write(text));
  let asked: ReadonlySet<string> | undefined;
  let rows: object = {};
  const onReady = async (server: RunningServer): Promise<void> => {
    const results = await askAll(server, fleet, session);
    const answer = answerOf(results, session);
    rows = answer.data;
    print(`${answer.text}${whatNext(addressesOf(server), relative(session.around.folder, folder))}\n`);
    asked = new Set(results.map((result) => result.decision.decision_id));
    if (session.json) log('asked about every connection; SIGINT or SIGTERM drains and ends');
  };
  const exit = await serve(fleet, session, log, {
    onReady: (server) => void onReady(server).catch((thrown: unknown) => log(describeThrown(thrown))),
    onDecision: (decision) => {
      if (asked?.has(decision.decision_id) === false) print(decisionLine(decision, session.paint));
    },
  });
  return { exit, data: { exit, ...rows }, text: '' };
}

function serve(
  fleet: Fleet,
  session: Session,
  log: (line: string) => void,
  more: {
    readonly abort?: AbortSignal;
    readonly onReady: (server: RunningServer) => void;
    readonly onDecision?: (decision: DecisionSummary) => void;
  },
): Promise<number> {
  const { clock, environment } = session.around;
  const load = () => loadConfig(fleet.configFile, clock.now());
  return runParent(load(), { load, clock, otel: environment.otel, log, ...more });
}

async function askAll(server: RunningServer, fleet: Fleet, session: Session): Promise<readonly RowResult[]> {
  const addresses = new Map(server.addresses.map(({ listener, address }) => [listener, address]));
  return askRows(addresses, fleet.rows, session.around.clock);
}

function addressesOf(server: RunningServer): { readonly grpc: string; readonly admin: string } {
  const find = (name: string): string =>
    server.addresses.find(({ listener }) => listener === name)?.address ?? '-';
  return { grpc: find('local'), admin: find('admin') };
}

function answerOf(results: readonly RowResult[], session: Session): Answer {
  const asExpected = results.length > 0 && results.every((result) => result.asExpected);
  const rows = results.map(({ row, decision, milliseconds, asExpected: expected }) => ({
    connection: row.title,
    outcome: decision.outcome,
    reason: decision.reasons[0]?.code ?? null,
    device_id: decision.device_id,
    assurance: decision.assurance,
    decision_id: decision.decision_id,
    milliseconds,
    as_expected: expected,
  }));
  const summary = `${results.filter((result) => result.asExpected).length} of ${results.length} connections were decided as expected\n`;
  return {
    exit: asExpected ? exitCodes.ok : exitCodes.failed,
    data: { as_expected: asExpected, rows },
    text: `${demoTable(results, session.paint)}${summary}`,
  };
}
