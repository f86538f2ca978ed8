// The port of a kind of probe: how its targets are written, and how one is asked.
import type { HostRuntime } from '../../hosts/host-runtime.ts'
import type { AddressRules } from '../address-rules.ts'
import type { Expectation } from '../expectation.ts'
import type { ProbeResult } from '../probe.ts'

/** The settings that only some kinds take, as the flags are written. */
export type ProbeSetting = 'expect' | 'expect-status' | 'header' | 'probe-method' | 'insecure' | 'cert-days'

/** One probe to make. */
export type ProbeRequest = {
  target: string
  command: string | null
  expectations: readonly Expectation[]
  /** Whether a status is accepted; null for the default of the kind. */
  acceptsStatus: ((status: number) => boolean) | null
  headers: readonly (readonly [name: string, value: string])[]
  method: string
  timeoutMs: number
  insecure: boolean
  /** Days before the end of a certificate from which it is too near. */
  certDays: number
  rules: AddressRules
  hosts: ProbeHosts
  /** Aborted when Vakt stops. */
  signal: AbortSignal
}

/** Runs a command on a registered host; rejects with a `Problem` of the host. */
export type ProbeHosts = {
  run(
    host: string,
    command: string,
    timeoutMs: number,
  ): ReturnType<ReturnType<HostRuntime['connections']['machine']>['run']>
}

export type ProbeKind = {
  name: string
  /** A target as people would write it. */
  example: string
  /** The default time between two probes, ms. */
  everyMs: number
  takes: readonly ProbeSetting[]
  /**
   * The target in its stored form, or null when the text is not of this kind. Throws `invalid` on the field `probe` for a
   * text of this kind that is wrong.
   */
  read(text: string): string | null
  /** The host of a target that connects to one, to refuse a forbidden address before anything is stored. */
  hostOf(target: string): string | null
  /** Resolves within the time limit, also when the target does not answer. */
  run(request: ProbeRequest): Promise<ProbeResult>
}
