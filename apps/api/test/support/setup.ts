import { afterAll } from '@jest/globals';
import { closeAll } from './cleanup.ts';

afterAll(closeAll);
