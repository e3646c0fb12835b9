import { bundleFiles, packBundle, packFiles } from '../../policy/pack-bundle.ts';
import type { SelfTestFile } from '../../policy/self-test-file.ts';
import { writeSelfTest } from '../../policy/self-test-file.ts';
import type { Opa } from '../opa/find.ts';
import type { Project } from '../project/types.ts';
import { compileProject } from './compile.ts';

/**
 * Makes the cases that travel in a bundle of its project and of the bundle's bytes without them. They are run through the
 * whole flow, so whoever has the composition root gives this.
 */
export type MakeSelfTest = (project: Project, bundle: Uint8Array) => Promise<SelfTestFile>;

/** The bytes of a project's bundle without self-test; the same for the same sources. Throws as `compileProject`. */
export function buildBundle(opa: Opa, project: Project): Uint8Array {
  return packBundle(compileProject(opa, project));
}

/**
 * The files of a project's bundle, self-test included where the project names cases for it: the same for the same sources,
 * and what is signed and packed. Throws as `compileProject`, and as `makeSelfTest` does.
 */
export async function buildFiles(
  opa: Opa,
  project: Project,
  makeSelfTest: MakeSelfTest,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = compileProject(opa, project);
  const files = bundleFiles(contents);
  if (project.selfTestFiles.length === 0) return files;
  const selfTest = writeSelfTest(await makeSelfTest(project, packFiles(files)));
  return bundleFiles({ ...contents, selfTest });
}
