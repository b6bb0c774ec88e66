import assert from 'node:assert/strict'
import { initRepository } from '../../../lib/protocol/base/init.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import { Gate } from '../gate.ts'
import { Repository, upload } from '../fixture.ts'

const BY_FORCE = { form: undefined, force: true }

describe('a forced init', () => {
  it('empties the repository of a push before it began, even when an earlier forced init that did not see the push ends first', async () => {
    const repository = await Repository.initialised()
    const isIndex = (key: string): boolean => key === repository.location.indexKey
    const [ready, sent] = [new Gate(), new Gate()]
    const second = repository.session({
      put: async (key, ...rest) => {
        if (isIndex(key)) await ready.openAndWaitFor(sent)
        return repository.bucket.put(key, ...rest)
      },
    })
    let emptying: Promise<unknown> | undefined
    const first = repository.session({
      put: async (key, ...rest) => {
        if (isIndex(key)) {
          await repository.push([upload('app', '1.0.0')])
          emptying = initRepository(second, BY_FORCE)
          await ready.isReached
        }
        const outcome = await repository.bucket.put(key, ...rest)
        sent.open()
        return outcome
      },
    })
    await initRepository(first, BY_FORCE)
    await emptying
    assert.equal((await readView(repository.session())).index.countEntries(), 0)
  })
})
