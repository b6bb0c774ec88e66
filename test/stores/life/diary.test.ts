import assert from 'node:assert/strict'
import { Diary, Difference, type LifeStep } from './diary.ts'

describe('the diary of a life', () => {
  it('notes what works, differs and fails, in order, and goes on after a failure', async () => {
    const said: LifeStep[] = []
    const diary = new Diary((step) => said.push(step))
    assert.equal(await diary.step('a', async () => undefined), true)
    assert.equal(await diary.step('b', async () => 'of note'), true)
    assert.equal(await diary.step('c', async () => new Difference('slower')), true)
    assert.equal(await diary.step('d', () => Promise.reject(new Error('lost\n\n  all'))), false)
    const report = diary.report('store')
    assert.deepEqual(
      report.steps.map(({ detail, outcome, step }) => [step, outcome, detail]),
      [
        ['a', 'works', undefined],
        ['b', 'works', 'of note'],
        ['c', 'differs', 'slower'],
        ['d', 'fails', 'lost all'],
      ],
    )
    assert.deepEqual([report.works, report.differs, report.fails], [2, 1, 1])
    assert.deepEqual(said, report.steps)
  })

  it('lets a remark make a step differ, and only the step in which it was made', async () => {
    const diary = new Diary()
    const remarks = async (): Promise<string> => {
      diary.remark('it said something')
      diary.remark('it said something')
      return 'done'
    }
    await diary.step('a', remarks)
    await diary.step('b', async () => undefined)
    await diary.step('c', () => remarks().then(() => Promise.reject(new Error('no'))))
    assert.deepEqual(
      diary.report('store').steps.map(({ detail, outcome }) => [outcome, detail]),
      [
        ['differs', 'done; it said something'],
        ['works', undefined],
        ['fails', 'no; it said something'],
      ],
    )
  })

  it('lets a failure that has to happen on this store differ', async () => {
    const diary = new Diary(undefined, (failure) => failure.includes('501'))
    assert.equal(await diary.step('a', () => Promise.reject(new Error('status 501'))), true)
    assert.equal(await diary.step('b', () => Promise.reject(new Error('status 500'))), false)
    const { differs, fails } = diary.report('store')
    assert.deepEqual([differs, fails], [1, 1])
  })

  it('cuts what is too long to be read', async () => {
    const diary = new Diary()
    await diary.step('a', () => Promise.reject(new Error('x'.repeat(10_000))))
    assert.ok((diary.report('store').steps[0]?.detail?.length ?? 0) < 1300)
  })
})
