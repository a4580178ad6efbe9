/** The thread that takes files for `openIntake`. */
import { parentPort } from 'node:worker_threads';
import { type TakeTask, takeFiles } from './take.js';

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');
port.on('message', (task: TakeTask) => port.postMessage(takeFiles(task)));
