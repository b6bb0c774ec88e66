import { readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { systemClock } from '../../lib/sys/clock.ts'
import { underLock } from '../../lib/sys/file-lock.ts'

// A process that takes a lock. `count FILE TIMES [KILLED]`: adds one to the number in FILE this many times, and is
// killed under the lock instead of doing the addition number KILLED (from 0). `hold FILE`: takes the lock, says so, and
// gives it back after the next line of its standard input.
const [, , what, file = '', times, killed] = process.argv
if (what === 'count') {
  for (let i = 0; i < Number(times); i++) {
    await underLock(file, systemClock, () => {
      const number = Number(readFileSync(file, 'utf8'))
      if (i === Number(killed ?? -1)) process.kill(process.pid, 'SIGKILL')
      writeFileSync(file, String(number + 1))
    })
  }
} else {
  await underLock(file, systemClock, () => {
    writeSync(1, 'held\n')
    readSync(0, Buffer.alloc(1))
  })
}
