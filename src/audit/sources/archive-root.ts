import { checkpointPath } from '../tlog/log-files.ts';

/**
 * What stands before the paths of a log in an archive: nothing, or the folder that whoever packed it again put around it,
 * with its slash. Logs have folders with checkpoints of their own (`witness/checkpoint`), in whatever order an archive
 * names them: the log's is the one in the fewest folders, and of several the first by name.
 */
export function archiveRoot(names: readonly string[]): string {
  const roots = names
    .filter((name) => name === checkpointPath || name.endsWith(`/${checkpointPath}`))
    .map((name) => name.slice(0, -checkpointPath.length))
    .sort((a, b) => depthOf(a) - depthOf(b) || (a < b ? -1 : 1));
  return roots[0] ?? '';
}

function depthOf(root: string): number {
  return root.split('/').length;
}
