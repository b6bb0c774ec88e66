import { writeFileSync } from 'node:fs'
import { replaceAtomically } from '../../lib/disk/atomic-write.ts'

// A process that is killed while it writes FILE.
replaceAtomically(process.argv[2] ?? '', (draft) => {
  writeFileSync(draft, 'half')
  process.kill(process.pid, 'SIGKILL')
})
