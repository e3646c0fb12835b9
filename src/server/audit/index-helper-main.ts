import { runIndexHelper } from './index-helper-process.ts';

// What the parent forks to follow its log with an index. Nothing else imports this file.
runIndexHelper();
