/** What an export is of. */
export interface ExportAbout {
  readonly origin: string;
  readonly size: number;
  readonly from: number;
  readonly exported_at: string;
  readonly program: string;
}

/** The page for whoever receives an export: what is in it, how it is verified, what that proves and what not. */
export function exportReadme({ origin, size, from, exported_at: at, program }: ExportAbout): string {
  const entries = size === from ? 'no entries' : `entries ${from} to ${size - 1}`;
  return `# Records of ${origin}

Exported ${at} by Portreeve ${program}: ${entries} of a log of ${size}.

## Verify it
Unpack it, and with Node.js 18 or newer and nothing else:

    node verify.mjs --key KEY

KEY is the log's public key as its operator published it *elsewhere*: with the one in \`keys/log.json\` you check only that
this folder agrees with itself, and the verifier says so. With \`--checkpoint FILE\` it also checks that the log continues
the checkpoint that you kept from an earlier time: keep \`checkpoint\` of this export for the next one.

The last line is the verdict: \`VERIFIED\` or \`FAILED\`. Every line that begins with \`WRONG\` says what is not what was
signed, and where. \`verify.mjs\` is one file and meant to be read; who would rather not trust a program that came in the
same archive takes the one that is published with Portreeve, the one in Python there (\`examples/audit/verify.py\`),
\`portreeve audit verify\`, or any other for the specifications below.

## What is in it
| file | what it is |
|---|---|
| \`records/*.ndjson\` | the records, one JSON object a line; the file's name is the index of its first |
| \`checkpoint\` | number of entries and root hash, signed with the log's key |
| \`tile/entries/\` | the same records as the log holds them |
| \`tile/0/\`, \`tile/1/\` … | the hashes that tie every record to the checkpoint |
| \`keys/log.json\` | every public key that the log was signed with; each signed by the one before it |
| \`checkpoints/\` | earlier checkpoints, which the log must continue |
| \`witness/\`, \`anchors/\` | what witnesses and time-stamping authorities said of the log |
| \`kept/\` | policies, catalogues, configurations, CRLs and certificates that records name by their SHA-256, which is the file's name |
| \`proofs/\` | proofs of the first and the last record that need nothing else: \`portreeve audit check\` |
| \`export.json\` | what this page says, for programs |

## What it proves
Nobody without the log's key can have changed, removed, added or moved a record without the verifier saying so. Whoever has
the key could write another log: a checkpoint that you hold, or a witness or anchor that you trust, shows that. That a
decision was recorded at all is shown by the heartbeats, which say how many were made.

Formats: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint, c2sp.org/signed-note, c2sp.org/tlog-proof; hashes as in RFC 6962
section 2.1, signatures Ed25519.
`;
}
