// VMware ESXi and vCenter.
import type { Level } from '../../line.ts'
import type { TextFormat } from '../format.ts'

const LEVEL = '(?<level>panic|error|warning|info|verbose|trivia|Db|In|No|Wa|Er|Cr|Al|Em)'
const BODY = String.raw`${LEVEL}(?:\(\d{1,4}\))? (?<source>[\w.-]{1,60})\[(?<pid>\w{1,20})\]:? (?:\[Originator@\d{1,6} (?<originator>[^\]]{0,300})\] ?)?(?<message>.*)$`
const LEVELS: { readonly [spelling: string]: Level } = {
  ...{ trivia: 'trace', verbose: 'debug', Db: 'debug', In: 'info', No: 'info', Wa: 'warn', Er: 'error' },
  ...{ Cr: 'fatal', Al: 'fatal', Em: 'fatal' },
}

export const VMWARE: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'vmware',
    title: 'VMware ESXi and vCenter: hostd, vpxa, vpxd',
    after: 'time',
    first: 'pewivtDINWECA',
    has: '[',
    pattern: new RegExp(`^${BODY}`, 's'),
    levels: LEVELS,
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z error hostd[2100] [Originator@6876 sub=Hostsvc opID=1a] Failed to read disk',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'hostd',
        message: 'Failed to read disk',
        attributes: { pid: 2100, originator: 'sub=Hostsvc opID=1a' },
      },
      {
        text: '2026-11-29T10:00:01.123Z verbose vpxa[2101] [Originator@6876 sub=PropertyProvider] RecordOp ASSIGN',
        level: 'debug',
        time: '2026-11-29T10:00:01.123Z',
        source: 'vpxa',
        message: 'RecordOp ASSIGN',
        attributes: { pid: 2101, originator: 'sub=PropertyProvider' },
      },
      {
        text: '2026-11-29T10:00:01.123Z In(166) Hostd[2100]: [Originator@6876 sub=Vimsvc] Ticket issued',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        source: 'Hostd',
        message: 'Ticket issued',
        attributes: { pid: 2100, originator: 'sub=Vimsvc' },
      },
      {
        text: '2026-11-29T10:00:01.123Z Wa(164) vmkwarning[7]: cpu3:42)ScsiDevice: 1234: Device latency increased',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        source: 'vmkwarning',
        message: 'cpu3:42)ScsiDevice: 1234: Device latency increased',
        attributes: { pid: 7 },
      },
      {
        text: '2026-11-29T11:00:01.123+01:00 warning vpxd[01234] [Originator@6876 sub=vpxLro] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        source: 'vpxd',
        message: 'slow',
        attributes: { pid: '01234', originator: 'sub=vpxLro' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'vmware-syslog',
    title: 'VMware ESXi behind a syslog header',
    after: 'start',
    first: 'pewivtDINWECA',
    has: '[',
    pattern: new RegExp(`^${BODY}`, 's'),
    levels: LEVELS,
    examples: [
      {
        text: '<166>2026-11-29T10:00:01.123Z esx-1 Hostd: error hostd[2100] [Originator@6876 sub=Hostsvc] Failed to read disk',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'hostd',
        host: 'esx-1',
        message: 'Failed to read disk',
        attributes: { pid: 2100, originator: 'sub=Hostsvc' },
      },
      {
        text: '<166>2026-11-29T10:00:01.123Z esx-1 Vpxa: warning vpxa[2101] [Originator@6876 sub=vpxaVmomi] no route',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        source: 'vpxa',
        host: 'esx-1',
        message: 'no route',
        attributes: { pid: 2101, originator: 'sub=vpxaVmomi' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'vmkernel',
    title: 'vmkernel of VMware ESXi',
    after: 'time',
    first: 'c',
    has: 'cpu',
    pattern:
      /^cpu(?<cpu>\d{1,3}):(?<world>\d{1,10})(?: opID=\w{1,20})?\)(?:(?<level>WARNING|ALERT|PANIC): )?(?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z cpu3:2097152)WARNING: ScsiDevice: 1234: Device naa.1 has high latency',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'ScsiDevice: 1234: Device naa.1 has high latency',
        attributes: { cpu: 3, world: 2097152 },
      },
      {
        text: '2026-11-29T10:00:01.123Z cpu0:2097152)ALERT: Bootbank cannot be found at path',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Bootbank cannot be found at path',
        attributes: { cpu: 0, world: 2097152 },
      },
      {
        text: '2026-11-29T10:00:01.123Z cpu0:2097152)NMP: nmp_ThrottleLogForDevice:3861: Cmd 0x85 to dev failed',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'NMP: nmp_ThrottleLogForDevice:3861: Cmd 0x85 to dev failed',
        attributes: { cpu: 0, world: 2097152 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'vmware-vm',
    title: 'vmware.log of a virtual machine',
    after: 'time',
    first: ' a-z',
    has: '| ',
    pattern: /^ ?(?<thread>[\w-]{1,30})\| (?<level>[IWE])(?:\d{3}|[a-z]{1,2})?[:+] (?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z| vmx| I125: Log for VMware ESX',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Log for VMware ESX',
        attributes: { thread: 'vmx' },
      },
      {
        text: '2026-11-29T10:00:01.123Z| vcpu-0| W115: PCI failure',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'PCI failure',
        attributes: { thread: 'vcpu-0' },
      },
    ],
  },
]
