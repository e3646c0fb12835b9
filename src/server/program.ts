import { programVersion } from '../lib/program-version.ts';
import { inOnePiece } from '../lib/text.ts';

export { programVersion };

/** Name and version: `versions.program` of every decision. */
export const program: string = inOnePiece('portreeve ', programVersion);
