import ts from 'typescript'
import { COUNTERS } from './fuzz-order.ts'

interface Insertion {
  readonly at: number
  readonly text: string
}

/**
 * The text of a TypeScript module with a counter in each branch: function bodies and blocks, the arms of `?:`, what
 * `&&`, `||` and `??` may skip, and cases. What the module does stays as it is.
 * @param first the number of the first counter
 * @returns also the number of counters
 */
export function instrument(text: string, first: number): { readonly code: string; readonly count: number } {
  const file = ts.createSourceFile('module.ts', text, ts.ScriptTarget.ES2022, true)
  const insertions: Insertion[] = []
  let next = first
  const counter = (): string => `${COUNTERS}[${String(next++)}]++`
  const visit = (node: ts.Node): void => {
    const start = node.getStart(file)
    let end = ''
    if (ts.isBlock(node)) insertions.push({ at: start + 1, text: `${counter()};` })
    else if (ts.isCaseOrDefaultClause(node)) {
      const [statement] = node.statements
      if (statement !== undefined) insertions.push({ at: statement.getStart(file), text: `${counter()};` })
    } else if (isArm(node)) {
      insertions.push({ at: start, text: `(${counter()},` })
      end = ')'
    } else if (isBareBody(node)) {
      insertions.push({ at: start, text: `{${counter()};` })
      end = '}'
    }
    ts.forEachChild(node, visit)
    // What ends at the same place inside has been noted before.
    if (end !== '') insertions.push({ at: node.getEnd(), text: end })
  }
  ts.forEachChild(file, visit)
  return { code: withInsertions(text, insertions), count: next - first }
}

const SKIPPING = [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken]

/** Whether a node is an expression that its parent evaluates only in some cases. */
function isArm(node: ts.Node): boolean {
  const { parent } = node
  if (ts.isConditionalExpression(parent)) return node === parent.whenTrue || node === parent.whenFalse
  if (ts.isBinaryExpression(parent)) return node === parent.right && SKIPPING.includes(parent.operatorToken.kind)
  return ts.isArrowFunction(parent) && node === parent.body
}

/** Whether a node is the body of a condition or a loop, without braces. */
function isBareBody(node: ts.Node): boolean {
  const { parent } = node
  if (ts.isIfStatement(parent)) return node === parent.thenStatement || node === parent.elseStatement
  return ts.isIterationStatement(parent, false) && node === parent.statement
}

function withInsertions(text: string, insertions: readonly Insertion[]): string {
  const inOrder = [...insertions].sort((a, b) => a.at - b.at)
  const pieces: string[] = []
  let from = 0
  for (const { at, text: inserted } of inOrder) {
    pieces.push(text.slice(from, at), inserted)
    from = at
  }
  return pieces.join('') + text.slice(from)
}
