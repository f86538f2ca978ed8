// Plants bugs one at a time into a copy of the sources and plays simulated worlds until one finds it.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLANTED_BUGS, type PlantedBug } from './world/planted-bugs.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = ['src', 'commands', 'migrations', 'proof/world', 'package.json']
const WORLD_DAYS = 4

/** `--days` is how long to look for each bug (default: 1000), `--only` a part of a name. */
export async function planted({ days = '1000', only = '' }: Readonly<Record<string, string>>): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-planted-'))
  try {
    for (const name of FOLDERS) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    const bugs = PLANTED_BUGS.filter(({ name }) => name.includes(only))
    let found = 0
    console.log('| planted bug | seed | after days | what was not true |\n|---|---|---|---|')
    for (const bug of bugs) {
      const result = await findBug(folder, bug, Math.ceil(Number(days) / WORLD_DAYS))
      if (result) found++
      const cells = result ? `${result.seed} | ${result.days} | ${result.message}` : '– | – | not found'
      console.log(`| ${bug.name} | ${cells} |`)
    }
    console.log(`\n${found} of ${bugs.length} found within ${days} days each.`)
    return found === bugs.length
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The first of `seeds` worlds that fails with the bug and holds without it. */
async function findBug(folder: string, bug: PlantedBug, seeds: number): Promise<Found | null> {
  for (let seed = 1; seed <= seeds; ) {
    const from = seed
    const found = await withBug(folder, bug, () => play(folder, from, seeds - from + 1))
    if (!found || (await play(folder, found.seed, 1)) === null) return found
    seed = found.seed + 1
  }
  return null
}

async function withBug<T>(folder: string, { file, from, to, name }: PlantedBug, work: () => Promise<T>): Promise<T> {
  const path = join(folder, file)
  const source = readFileSync(path, 'utf8')
  if (source.split(from).length !== 2) throw new Error(`"${name}" does not fit ${file} any more: change its "from".`)
  writeFileSync(
    path,
    source.replace(from, () => to),
  )
  try {
    return await work()
  } finally {
    writeFileSync(path, source)
  }
}

type Found = { seed: number; days: number; message: string }

/** Plays worlds in a process of its own; null when they find nothing. A process that breaks has found something, too. */
function play(folder: string, first: number, seeds: number): Promise<Found | null> {
  const words = [
    'proof/world/main.ts',
    '--seed',
    String(first),
    '--seeds',
    String(seeds),
    '--days',
    String(WORLD_DAYS),
    '--first',
    '1',
  ]
  const child = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.on('data', text => {
    output += text
  })
  child.stderr.on('data', text => {
    errors += text
  })
  return new Promise(resolve =>
    child.on('close', code => {
      const failure = /^Seed (\d+) fails at \S+ (.*)$/m.exec(output)
      if (code === 0) return resolve(null)
      const seed = Number(failure?.[1] ?? first)
      const message = failure?.[2] ?? `the world breaks: ${/^\w*Error.*$/m.exec(errors)?.[0] ?? `exit ${code}`}`
      resolve({ seed, days: seed * WORLD_DAYS, message: message.slice(0, 150) })
    }),
  )
}
