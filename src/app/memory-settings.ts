// Gives memory back to the system: the settings of the C library that a running process cannot change.

/**
 * glibc keeps what is freed in an arena for each thread, and raises the size from which it gives memory back with the first long body.
 * The image and the systemd units have the same values.
 */
const SETTINGS = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' }

export type Execute = (file: string, args: string[], environment: NodeJS.ProcessEnv) => void

/**
 * On Linux, restarts this process with these settings unless it has them: process id, arguments and standard streams stay the same,
 * and the call does not return. Elsewhere, and where the system refuses, it does nothing: Vakt works the same with more memory.
 */
export function applyMemorySettings(
  environment: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
  execute: Execute | undefined = process.execve?.bind(process),
): void {
  if (platform !== 'linux' || environment.MALLOC_ARENA_MAX !== undefined || !execute) return
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  try {
    execute(process.execPath, args, { ...environment, ...SETTINGS })
  } catch {
    // Without them, too.
  }
}
