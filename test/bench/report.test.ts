import assert from 'node:assert/strict'
import { count, duration, markdownTable, size } from '../../bench/format.ts'
import { atMostTimes, fasterThan, memoryAtMost, movedAtMost } from '../../bench/line.ts'
import { goalsOf } from '../../bench/lines/far.ts'
import { detailTable, goalTable, machineTable, noteList } from '../../bench/report.ts'
import type { LineResult, Row } from '../../bench/result.ts'

const MB = 1024 * 1024

function row(program: string, walls: readonly number[], memory: number | undefined = 100 * MB): Row {
  return { what: 'push', program, samples: walls.map((wall) => ({ wall, cpu: wall / 2, memory })) }
}

function line(change: Partial<LineResult>): LineResult {
  return {
    name: 'push',
    title: 'a push',
    at: '2026-01-02T03:04:05Z',
    isFullSize: true,
    rows: [],
    goals: [],
    notes: [],
    ...change,
  }
}

describe('the report of the bench', () => {
  it('has readable durations, sizes and counts', () => {
    assert.deepEqual([4.26, 87.4, 1234, 12_345].map(duration), ['4.3 ms', '87 ms', '1.23 s', '12.3 s'])
    assert.deepEqual([312, 4300, 48 * MB, 3.1 * 1024 * MB].map(size), ['312 B', '4.2 KB', '48 MB', '3.1 GB'])
    assert.equal(count(150_000), '150,000')
  })

  it('has Markdown tables with escaped bars and line feeds', () => {
    assert.equal(markdownTable(['a', 'b'], [['1|2', 'x\ny']]), '| a | b |\n|---|---|\n| 1\\|2 | x y |')
  })

  it('shows for each goal whether the numbers meet it', () => {
    const [ours, peer] = [row('Node bundle', [100, 110, 90]), row('peer', [3000, 3300, 2700])]
    const goals = [
      fasterThan(peer, 25, ours),
      fasterThan(peer, 31, ours),
      memoryAtMost(99, ours),
      atMostTimes(1.3, ours, undefined),
    ]
    const cells = goalTable([line({ goals })])
      .split('\n')
      .slice(2)
    assert.deepEqual(cells, [
      '| a push | push: faster | Node bundle | at least 25 times | 30 times | 30 | met |',
      '|  | push: faster | Node bundle | at least 31 times | 30 times | 30 | **missed** |',
      '|  | push: peak memory | Node bundle | at most 99 MB | 100 MB |  | **missed** |',
      '|  | push | Node bundle | at most 1.3 times |  |  | nothing to compare with |',
    ])
  })

  it('shows that a goal was checked at a small size', () => {
    const goals = [atMostTimes(2, row('a', [1]), row('b', [1]))]
    assert.match(goalTable([line({ goals, isFullSize: false })]), /met \(at a small size\)/)
  })

  it('shows why a line has no numbers', () => {
    const table = goalTable([line({ skipped: 'no Helm' }), line({ failed: 'status 1\nstack' })])
    assert.match(table, /\| skipped: no Helm \|/)
    assert.match(table, /\| failed: status 1 \|/)
    assert.match(goalTable([line({ notes: ['it is not built'] })]), /\| a push \|.*\| it is not built \|$/)
  })

  it('shows medians, spread, the greatest memory and the traffic of each case', () => {
    const traffic = { requests: 1003, received: 2048, sent: 0 }
    const table = detailTable([line({ rows: [{ ...row('peer', [30, 10, 20]), traffic }] })])
    assert.equal(
      table.split('\n').at(-1),
      '| push | push | peer | 3 | 20 ms | 10 ms – 30 ms | 10 ms | 100 MB | 1,003 | 2.0 KB | 0 B |',
    )
  })

  it('shows the run with the most traffic, and compares it with a goal', () => {
    const moving = (received: number, sent: number) => ({
      ...{ wall: 10, cpu: 10, memory: 100 * MB },
      traffic: { requests: 7, received, sent },
    })
    const counted = { what: 'push', program: 'before', samples: [moving(5, 5), moving(2 * MB, MB), moving(MB, MB)] }
    assert.match(detailTable([line({ rows: [counted] })]), /\| 7 \| 2\.0 MB \| 1\.0 MB \|$/)
    const goals = [movedAtMost(3, counted), movedAtMost(2.9, counted), movedAtMost(3, row('before', [1]))]
    assert.deepEqual(
      goalTable([line({ goals })])
        .split('\n')
        .slice(2),
      [
        '| a push | push: moved | before | at most 3.0 MB | 3.0 MB |  | met |',
        '|  | push: moved | before | at most 2.9 MB | 3.0 MB |  | **missed** |',
        '|  | push: moved | before | at most 3.0 MB |  |  | nothing to compare with |',
      ],
    )
  })

  it('compares distant stores with an earlier build and with another size, as far as they were measured', () => {
    const sizes = { tiny: 3, small: 30, large: 150, huge: 1000 }
    const named = (what: string, program: string, ...walls: readonly number[]): Row => ({
      ...row(program, walls),
      what,
    })
    const rows = [
      named('push, 30 versions', 'executable', 100, 120),
      named('push, 1,000 versions', 'executable', 150, 180),
      named('push, 1,000 versions', 'before', 1500),
      named('push, loopback, 3 versions', 'executable', 10),
    ]
    assert.deepEqual(
      goalsOf(rows, 'executable', sizes).map(({ limit, unit, value, what }) => [what, limit, unit, value]),
      [
        ['push, 1,000 versions: faster', 12, 'times', 1500 / 165],
        ['push, 1,000 versions: moved', 14, 'MB', undefined],
        ['push, 1,000 versions: peak memory', 150, 'MB', 100],
        ['push, 1,000 versions against 30', 1.6, 'times', 1.5],
        ['push, loopback, 3 versions', 1.05, 'times', undefined],
      ],
    )
    assert.deepEqual(goalsOf(rows, 'Node bundle', sizes), [])
  })

  it('has empty cells for values that the system does not give', () => {
    const samples = [{ wall: 10, cpu: undefined, memory: undefined }]
    const unknown = { what: 'push', program: 'peer', samples }
    assert.match(detailTable([line({ rows: [unknown] })]), /\| 10 ms – 10 ms \|  \|  \|  \|  \|  \|$/)
    assert.equal(memoryAtMost(350, unknown).value, undefined)
  })

  it('has the notes, the machine, the versions and the dates', () => {
    assert.equal(noteList([line({ notes: ['one', 'two'] })]), '- push: one\n- push: two')
    const machine = {
      machine: { cores: 2, cpu: 'AMD EPYC', memory: 8 * 1024 * MB, system: 'Linux 6.1' },
      versions: { 'Node.js': '20.19.0' },
    }
    const table = machineTable(machine, [line({}), line({ at: '2026-01-01T00:00:00Z' })])
    assert.match(
      table,
      /\| date \| 2026-01-01, 2026-01-02 \|\n\| machine \| 2 cores, AMD EPYC, 8.0 GB of memory, Linux 6.1 \|\n\| Node.js \| 20.19.0 \|/,
    )
  })
})
