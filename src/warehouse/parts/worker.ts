/** The thread that makes parts for `makerFor`. */
import { parentPort } from 'node:worker_threads';
import { PartMaker, type PartTask } from './make.js';

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');
const maker = new PartMaker();
port.on('message', (task: PartTask) => port.postMessage(maker.make(task)));
