import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { findCommand } from '../../lib/ui/command.ts'
import { COMMANDS } from '../../lib/cli/command-table.ts'

/** One for all: it keeps what it has made of a schema, which takes far longer than to check by it. */
const ajv = new Ajv2020({ strict: true, strictTypes: false })

/** Checks what `-o json` printed against the schema of the command, and returns it. */
export function resultOf(command: string, stdout: string): unknown {
  const schema = findCommand(COMMANDS, command)?.result
  assert.ok(schema, `${command} has no schema`)
  const value: unknown = JSON.parse(stdout)
  const isValid = ajv.validate(schema, value)
  assert.ok(isValid, `${command}: ${ajv.errorsText()}\n${stdout}`)
  return value
}
