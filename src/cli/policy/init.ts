import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { recipeNames } from '../../workshop/init/recipes.ts';
import { starterFiles } from '../../workshop/init/starter.ts';
import { writeProject } from '../../workshop/init/write.ts';
import { finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain, shellPath } from '../output.ts';
import type { Answer, Session } from '../session.ts';

interface Options extends CommonOptions {
  readonly recipe?: readonly string[];
}

/** `policy init DIR`. */
export function registerPolicyInit(group: Command, session: Session): void {
  const command = group
    .command('init')
    .description(
      'make a small policy project that passes check, test and build at once: a folder a rule, cases, data, schemas, CI files',
    )
    .argument('<dir>', 'the new folder, or one that is empty')
    .option('--recipe <name...>', 'with these recipes of the cookbook as further rules')
    .addHelpText('after', () =>
      `\nRecipes:\n${recipeNames()
        .map((name) => `  ${name}\n`)
        .join('')}`.trimEnd(),
    );
  finish(
    command,
    session,
    ['policy init policies', 'policy init policies --recipe business-hours step-up-admin-ports'],
    (options: Options, [dir]) => runInit(dir as string, options, session),
  );
}

function runInit(dir: string, { recipe: recipes = [] }: Options, session: Session): Answer {
  const folder = resolve(session.around.folder, dir);
  const files = starterFiles(recipes);
  writeProject(folder, files);
  const rules = [...files.keys()].filter((name) => /^rules\/[^/]+\/cases\.yaml$/.test(name)).length;
  const named = shellPath(dir);
  return {
    exit: exitCodes.ok,
    data: { folder, files: [...files.keys()], recipes },
    text: [
      `${plain(dir)}: ${files.size} files, ${rules} rules with tests and cases`,
      'next:',
      `  portreeve policy check ${named}`,
      `  portreeve policy test --cross-check --coverage-min 100 ${named}`,
      `  portreeve policy build ${named}`,
      `then read ${plain(join(dir, 'README.md'))}\n`,
    ].join('\n'),
  };
}
