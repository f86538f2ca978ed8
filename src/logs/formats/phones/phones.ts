// Android's logcat in all its forms, and the programs of Apple.
import type { TextFormat } from '../format.ts'

const LEVEL = '(?<level>[VDIWEFA])'
const TIME = String.raw`(?<time>(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,9}(?: [+-]\d{4})?|1\d{9}\.\d{3})`

export const PHONES: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'logcat',
    title: 'logcat -v threadtime, with its year, epoch and uid',
    after: 'start',
    first: '0-9 ',
    has: ' ',
    pattern: new RegExp(
      String.raw`^ {0,10}${TIME} {1,5}(?:(?<uid>[a-z]\w{1,20}|\d{1,6}) {1,6})?(?<pid>\d{1,7}) {1,6}(?<tid>\d{1,7}) ${LEVEL} (?<tag>.{0,100}?) {0,40}: (?<message>.*)$`,
      's',
    ),
    isPrefix: true,
    examples: [
      {
        text: '11-29 10:00:01.123  1702  2395 D WindowManager: printFreezingDisplayLogsopening app',
        level: 'debug',
        time: '2026-11-29T10:00:01.123Z',
        message: 'printFreezingDisplayLogsopening app',
        attributes: { pid: 1702, tid: 2395, tag: 'WindowManager' },
      },
      {
        text: '11-29 10:00:01.123  1702  8671 V ActivityManager: Trace cache: 12K uops',
        level: 'trace',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Trace cache: 12K uops',
        attributes: { pid: 1702, tid: 8671, tag: 'ActivityManager' },
      },
      {
        text: '2026-11-29 11:00:01.123 +0100  1702  2395 W art     : Suspending all threads took: 5.1ms',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Suspending all threads took: 5.1ms',
        attributes: { pid: 1702, tid: 2395, tag: 'art' },
      },
      {
        text: '1795946401.123  u0_a123  1702  2395 I chatty  : uid=10123 expire 5 lines',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'uid=10123 expire 5 lines',
        attributes: { uid: 'u0_a123', pid: 1702, tid: 2395, tag: 'chatty' },
      },
      {
        text: '11-29 10:00:01.123  4242  4242 E AndroidRuntime: FATAL EXCEPTION: main\n11-29 10:00:01.123  4242  4242 E AndroidRuntime: Process: com.shop, PID: 4242\n11-29 10:00:01.123  4242  4242 E AndroidRuntime: java.lang.RuntimeException: no cart\n11-29 10:00:01.123  4242  4242 E AndroidRuntime: \tat com.shop.Cart.pay(Cart.java:42)\n11-29 10:00:01.130  1702  2395 I art     : done',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'FATAL EXCEPTION: main',
        stack: 'Process: com.shop, PID: 4242',
        attributes: { pid: 4242, tid: 4242, tag: 'AndroidRuntime' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'logcat-time',
    title: 'logcat -v time, brief, process and tag',
    after: 'start',
    first: 'VDIWEFA0-9',
    has: ': ',
    pattern: new RegExp(
      String.raw`^(?:${TIME} )?${LEVEL}\/(?<tag>[^(:]{1,100}?) {0,40}(?:\( {0,6}(?<pid>\d{1,7})\))?: (?<message>.*)$`,
      's',
    ),
    isPrefix: true,
    examples: [
      {
        text: '11-29 10:00:01.123 E/ActivityManager( 1234): ANR in com.shop',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'ANR in com.shop',
        attributes: { tag: 'ActivityManager', pid: 1234 },
      },
      {
        text: 'W/art     ( 4242): Long monitor contention',
        level: 'warn',
        time: null,
        message: 'Long monitor contention',
        attributes: { tag: 'art', pid: 4242 },
      },
      {
        text: 'E/flutter ( 4242): [ERROR:flutter/runtime/dart_vm_initializer.cc(41)] Unhandled Exception: Bad state',
        level: 'error',
        time: null,
        message: '[ERROR:flutter/runtime/dart_vm_initializer.cc(41)] Unhandled Exception: Bad state',
        attributes: { tag: 'flutter', pid: 4242 },
      },
      {
        text: 'I/Choreographer: Skipped 42 frames!',
        level: 'info',
        time: null,
        message: 'Skipped 42 frames!',
        attributes: { tag: 'Choreographer' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'android-studio',
    title: 'logcat of Android Studio',
    after: 'time',
    first: '0-9',
    has: '  ',
    pattern:
      /^(?<pid>\d{1,7})-(?<tid>\d{1,7}) {1,6}(?<tag>\S.{0,100}?) {2,40}(?<package>[\w.:-]{1,100}) {1,40}(?<level>[VDIWEFA]) {2}(?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01.123  4242-4243  Cart                    com.shop                             E  no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { pid: 4242, tid: 4243, tag: 'Cart', package: 'com.shop' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'apple-log',
    title: 'log show of macOS and iOS',
    after: 'time',
    first: '0',
    has: '0x',
    pattern:
      /^0x(?<thread>[0-9a-f]{1,16}) {1,20}(?<level>[A-Z][a-z]{3,10}) {1,20}0x(?<activity>[0-9a-f]{1,16}) {1,30}(?<pid>\d{1,7}) {1,8}\d{1,6} {1,8}(?<source>[^:]{1,100}): (?<message>.*)$/s,
    levels: { Default: 'info', Fault: 'fatal', Activity: 'info', State: 'info', Signpost: 'info' },
    examples: [
      {
        text: '2026-11-29 11:00:01.123456+0100 0x1a2b     Error       0x0                  123    0    bluetoothd: (CoreUtils) [com.apple.bluetooth:Server.LE] no device',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'bluetoothd',
        message: '(CoreUtils) [com.apple.bluetooth:Server.LE] no device',
        attributes: { thread: '1a2b', activity: 0, pid: 123 },
      },
      {
        text: '2026-11-29 11:00:01.123456+0100 0x1a2b     Default     0x0                  123    0    kernel: (AppleACPIPlatform) AppleACPICPU error handled',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        source: 'kernel',
        message: '(AppleACPIPlatform) AppleACPICPU error handled',
        attributes: { thread: '1a2b', activity: 0, pid: 123 },
      },
      {
        text: '2026-11-29 11:00:01.123456+0100 0x1a2b     Fault       0x0                  7      0    cart: assertion',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        source: 'cart',
        message: 'assertion',
        attributes: { thread: '1a2b', activity: 0, pid: 7 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'nslog',
    title: 'NSLog of macOS and iOS',
    after: 'time',
    first: 'A-Za-z',
    has: '] ',
    pattern:
      /^(?!unbound)(?<source>[A-Za-z][\w .-]{0,60})\[(?<pid>\d{1,7}):(?<thread>[0-9a-fx]{1,16})\] (?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01.123 Shop[4242:123456] *** Terminating app due to uncaught exception',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        source: 'Shop',
        message: '*** Terminating app due to uncaught exception',
        attributes: { pid: 4242, thread: 123456 },
      },
      {
        text: '2026-11-29 11:00:01.123456+0100 Shop App[4242:123456] [error] CoreData: no store',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'Shop App',
        message: '[error] CoreData: no store',
        attributes: { pid: 4242, thread: 123456 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'idevicesyslog',
    title: 'idevicesyslog and the system log of older Apple systems',
    after: 'start',
    first: 'A-Z',
    has: '>: ',
    pattern:
      /^(?<time>[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,6})?) (?:(?<host>[\w.-]{1,100}) )?(?<source>[\w.-]{1,100}(?:\([\w. -]{1,60}\))?)\[(?<pid>\d{1,7})\] <(?<level>[A-Z][a-z]{3,9})>: (?<message>.*)$/s,
    isPrefix: true,
    examples: [
      {
        text: 'Nov 29 10:00:01 iPhone backboardd(QuartzCore)[66] <Error>: no surface',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'backboardd(QuartzCore)',
        host: 'iPhone',
        message: 'no surface',
        attributes: { pid: 66 },
      },
      {
        text: 'Nov 29 10:00:01 SpringBoard[55] <Notice>: launching',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'SpringBoard',
        message: 'launching',
        attributes: { pid: 55 },
      },
    ],
  },
]
