// The command lines that list, inspect and read containers; Docker and Podman understand the same ones.
import type { Engine } from '../host.ts'

/** Lists all containers of a host, for `parseListing`. */
export function buildListArgv(engine: Engine): readonly string[] {
  return [engine, 'ps', '-a', '--no-trunc', '--format', engine === 'docker' ? '{{json .}}' : 'json']
}

/** Inspects one container, for `parseDetails`. */
export function buildInspectArgv(engine: Engine, container: string): readonly string[] {
  return [engine, 'inspect', '--type', 'container', container]
}

/** Reads the output of a container. `since` is RFC 3339; `lines` limits it to the last lines. */
export function buildLogsArgv(
  engine: Engine,
  container: string,
  { since, lines, follow }: { since?: string; lines?: number; follow: boolean },
): readonly string[] {
  return [
    engine,
    'logs',
    '--timestamps',
    ...(since === undefined ? [] : ['--since', since]),
    ...(lines === undefined ? [] : ['--tail', String(lines)]),
    ...(follow ? ['--follow'] : []),
    container,
  ]
}
