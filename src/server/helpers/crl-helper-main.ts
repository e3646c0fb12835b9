import { runCrlHelper } from './crl-helper-process.ts';

// What the parent forks to import a large CRL. Nothing else imports this file.
runCrlHelper();
