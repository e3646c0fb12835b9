import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { describeThrown } from '../../lib/errors.ts';
import { readRequest, type BatchRefusal, type BatchRequest, type RequestId } from './batch-request.ts';
import type { Verdict, VerdictRemark } from './judge.ts';
import { lines, type Line } from './lines.ts';
import { MaterialReader } from './material.ts';
import { verifyMaterial } from './verify-material.ts';

/** The answer to one request. */
export interface BatchResult {
  readonly id: RequestId;
  readonly valid: boolean;
  readonly reasons: readonly VerdictRemark[];
  readonly lint: readonly VerdictRemark[];
  /** Lower-case hex SHA-256 of each certificate's DER, leaf first, anchor last. */
  readonly path: readonly string[];
}

/** Characters of answers that are written at once. */
const writeCharacters = 64 * 1024;

/**
 * Answers requests, one JSON object a line, in their order and as they come; reads no faster than its answers are
 * taken. A line that cannot be answered says so and the run goes on. Resolves at the end of the input.
 */
export async function runBatch(input: Readable, output: Writable): Promise<void> {
  const material = new MaterialReader();
  for await (const some of lines(input)) {
    let text = '';
    for (const line of some) {
      text += `${JSON.stringify(answerLine(line, material))}\n`;
      if (text.length < writeCharacters) continue;
      await write(output, text);
      text = '';
    }
    if (text !== '') await write(output, text);
  }
}

async function write(output: Writable, text: string): Promise<void> {
  if (!output.write(text)) await once(output, 'drain');
}

/** Whatever happens to one request, the next ones are answered. */
function answerLine(line: Line, material: MaterialReader): BatchResult | BatchRefusal {
  if (line.text === undefined) return { id: null, error: line.problem };
  const request = readRequest(line.text);
  if ('error' in request) return request;
  try {
    return { id: request.id, ...answerRequest(request, material) };
  } catch (thrown) {
    return { id: request.id, error: describeThrown(thrown) };
  }
}

/** Verifies what one request asks about. */
function answerRequest(request: BatchRequest, material: MaterialReader): Omit<BatchResult, 'id'> {
  const verdict = verifyMaterial(
    {
      anchors: material.anchors(request.anchors),
      intermediates: material.intermediates(request.intermediates),
      crls: material.crls(request.crls),
      leaf: material.leaf(request.leaf),
    },
    {
      at: request.at,
      strict: request.strict,
      requireRevocation: request.require_revocation,
      initialExplicitPolicy: request.initial_explicit_policy,
      initialPolicyMappingInhibit: request.initial_policy_mapping_inhibit,
      initialInhibitAnyPolicy: request.initial_inhibit_any_policy,
      ...(request.eku.length > 0 && { eku: request.eku }),
      ...(request.max_depth !== undefined && { maxDepth: request.max_depth }),
      ...(request.initial_policy_set.length > 0 && { initialPolicySet: request.initial_policy_set }),
    },
  );
  return resultOf(verdict);
}

function resultOf({ valid, reasons, lint, path }: Verdict): Omit<BatchResult, 'id'> {
  return { valid, reasons, lint, path: path.map(({ fingerprint }) => fingerprint) };
}
