import { MemoryStore } from '../../lib/store/memory-store.ts'
import { describeObjectStore } from './object-store.ts'

describeObjectStore('memory', () => Promise.resolve(new MemoryStore({ now: () => Date.now() })))

describeObjectStore(
  'memory, without a clock for requests',
  () => Promise.resolve(new MemoryStore({ now: () => Date.now(), refusesLate: false })),
  { takesLateRequests: true },
)

describeObjectStore(
  'memory, without conditional DELETE',
  () => Promise.resolve(new MemoryStore({ now: () => Date.now(), conditionalDelete: false })),
  { ignoresConditionOnDelete: true },
)

describeObjectStore(
  'memory, without conditions on uploads',
  () =>
    Promise.resolve(new MemoryStore({ now: () => Date.now(), conditionalComplete: false, conditionalPartCopy: false })),
  { ignoresConditionOnCompletion: true, ignoresSourceOfParts: true },
)
