import { runDeviceHelper } from './device-helper-process.ts';

// What the parent forks to import devices. Nothing else imports this file.
runDeviceHelper();
