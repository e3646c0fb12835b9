import { packBundle } from '../../policy/pack-bundle.ts';
import type { Opa } from '../opa/find.ts';
import type { Project } from '../project/types.ts';
import { compileProject } from './compile.ts';

/** The bytes of a project's bundle; the same for the same sources. Throws as `compileProject`. */
export function buildBundle(opa: Opa, project: Project): Uint8Array {
  return packBundle(compileProject(opa, project));
}
