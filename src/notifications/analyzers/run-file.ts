// Runs an executable on Vakt's host: no shell, an empty environment, a time limit and an output limit.
import { spawn } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { invalid } from '../../problem.ts'
import { errorMessage, firstLine, truncate } from '../../text.ts'
import { formatDuration } from '../../time.ts'

/** How much an analyzer may write to standard output and to standard error. */
export const MAX_OUTPUT_BYTES = 64 * 1024
const MAX_ERROR_BYTES = 4 * 1024
const MAX_REASON_LENGTH = 200
const OTHERS_WRITE = 0o022
const EXECUTE = 0o111

/** What a run gave: its output, or why there is none, as a sentence part. */
export type FileRun = { output: string } | { failure: string }

/**
 * The real path of a file that may be run: an absolute path to an executable regular file, which only its owner can change,
 * and which belongs to root or to the user of Vakt. Throws `invalid` for any other.
 */
export function checkFile(file: string): string {
  if (!isAbsolute(file)) throw invalid('file', 'Name the file by its whole path, such as /opt/vakt/analyzers/disk.')
  const { path, stat } = readFile(file)
  if (!stat.isFile()) throw invalid('file', `${file} is not a file.`)
  if ((stat.mode & EXECUTE) === 0) throw invalid('file', `${file} cannot be executed: chmod +x ${file}`)
  if ((stat.mode & OTHERS_WRITE) !== 0)
    throw invalid('file', `Others than its owner can change ${file}, so Vakt does not run it: chmod go-w ${file}`)
  const own = process.getuid?.()
  if (own !== undefined && stat.uid !== 0 && stat.uid !== own)
    throw invalid('file', `${file} belongs to neither root nor the user of Vakt, so Vakt does not run it.`)
  return path
}

/** Runs a file with `input` on its standard input, at most `timeoutMs` long. Resolves always. */
export function runFile(file: string, input: string, timeoutMs: number, signal: AbortSignal): Promise<FileRun> {
  let path: string
  try {
    path = checkFile(file)
  } catch (error) {
    return Promise.resolve({ failure: errorMessage(error) })
  }
  return new Promise(resolve => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(path, [], { shell: false, env: {}, cwd: '/', detached: true, stdio: 'pipe' })
    const output: Buffer[] = []
    const errors: Buffer[] = []
    const sizes = { output: 0, errors: 0 }
    let failure: string | null = null
    const end = (why: string) => {
      failure ??= why
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended already.
      }
    }
    const timer = setTimeout(() => end(`It ran longer than ${formatDuration(timeoutMs)} and was ended.`), timeoutMs)
    const stop = () => end('Vakt stopped.')
    signal.addEventListener('abort', stop, { once: true })
    child.stdout.on('data', (chunk: Buffer) => {
      sizes.output += chunk.length
      if (sizes.output > MAX_OUTPUT_BYTES) end(`It wrote more than ${MAX_OUTPUT_BYTES / 1024} kB and was ended.`)
      else output.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (sizes.errors < MAX_ERROR_BYTES) errors.push(chunk.subarray(0, MAX_ERROR_BYTES - sizes.errors))
      sizes.errors += chunk.length
    })
    // It need not read its input.
    child.stdin.on('error', () => {})
    child.on('error', error => {
      failure ??= `It could not be started: ${error.message}`
    })
    child.on('close', (code, killedBy) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      // What it left behind in its group ends too.
      end('')
      if (failure !== null && failure !== '') return resolve({ failure })
      if (code === 0) return resolve({ output: Buffer.concat(output).toString('utf8') })
      const said = truncate(firstLine(Buffer.concat(errors).toString('utf8').trim()), MAX_REASON_LENGTH)
      const status = code === null ? `It was ended by ${killedBy}` : `It failed with exit status ${code}`
      resolve({ failure: said === '' ? `${status}.` : `${status}: ${said}` })
    })
    child.stdin.end(input)
  })
}

function readFile(file: string) {
  try {
    const path = realpathSync(file)
    return { path, stat: statSync(path) }
  } catch {
    throw invalid('file', `There is no file ${file} on the host of Vakt.`)
  }
}
