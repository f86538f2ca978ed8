// Which tests may reach a file: by imports, the nearest first.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Tests that start many real processes or wait for workers: they say nothing about a bug that is switched on in their own process. */
const LEFT_OUT =
  /(contract|crash|process|cli|start-failure|upgrade\.story|writer-death|damage|paging|salvage|old-partitions|client-examples|simulate|supply-chain|architecture|real)\.test\.ts$|^src\/(logs\/embedded|simulation)\//

/** The tests that reach most of the code in the shortest time: they come before all others. */
const MOST = /^commands\/transcripts\//

const importersOf: Record<string, Map<string, string[]>> = {}

/**
 * The test files that import one of `files`, directly or through others, those with the fewest steps between first, and of these
 * the ones in the same folder.
 */
export function listCoveringTests(root: string, files: readonly string[]): string[] {
  importersOf[root] ??= readImporters(root)
  const importers = importersOf[root]
  const distance = new Map<string, number>(files.map(file => [file, 0]))
  for (const [file, steps] of distance)
    for (const importer of importers.get(file) ?? []) if (!distance.has(importer)) distance.set(importer, steps + 1)
  const cost = (file: string) =>
    MOST.test(file) ? 0 : distance.get(file)! + (/\.(story|model)\.test/.test(file) ? 0.5 : 0)
  const folders = new Set(files.map(dirname))
  const isElsewhere = (test: string) => (folders.has(dirname(test)) ? 0 : 1)
  return [...distance.keys()]
    .filter(file => file.endsWith('.test.ts') && !LEFT_OUT.test(file))
    .sort((a, b) => cost(a) - cost(b) || isElsewhere(a) - isElsewhere(b) || (a < b ? -1 : 1))
}

/** Words in the names of so many files that they say nothing. */
const COMMON_WORDS = new Set([
  'src',
  'command',
  'test',
  'story',
  'model',
  'ts',
  'testing',
  'index',
  'job',
  'list',
  'card',
  'log',
])

/** Whether a test has a word in its path that a source file has, too: `rules.story.test.ts` and `rule-evaluator.ts`. */
export function isNamedLike(testFile: string, file: string): boolean {
  const words = wordsOf(file)
  return [...wordsOf(testFile)].some(word => words.has(word))
}

function wordsOf(path: string): Set<string> {
  const words = path
    .replace(/\.ts$/, '')
    .split(/[^a-z]+/)
    .map(word => word.replace(/s$/, ''))
  return new Set(words.filter(word => word !== '' && !COMMON_WORDS.has(word)))
}

/** For each source file, the files that import it. */
function readImporters(root: string): Map<string, string[]> {
  const importers = new Map<string, string[]>()
  for (const folder of ['src', 'commands', 'eval'])
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      const file = join(folder, String(name))
      if (!file.endsWith('.ts')) continue
      const code = readFileSync(join(root, file), 'utf8')
      for (const [, path] of code.matchAll(/(?:from|import\()\s*'(\.[^']+\.ts)'/g)) {
        const imported = join(dirname(file), path!)
        if (existsSync(join(root, imported))) importers.set(imported, [...(importers.get(imported) ?? []), file])
      }
    }
  return importers
}
