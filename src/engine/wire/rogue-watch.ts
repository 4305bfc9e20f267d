import { LabError } from '../errors.js';
import type { Happening } from './happening.js';
import { cardVendor, type Names } from './names.js';

const MOST = 64;

/** Finds DHCP servers that are none of the lab's; tells of each once. */
export class RogueWatch {
  readonly #told = new Set<string>();

  constructor(private readonly names: Names) {}

  /** What to say, as the first answer of such a server is seen. */
  take(happening: Happening): LabError | undefined {
    if (happening.kind !== 'dhcp' || !happening.dhcp.reply) return undefined;
    const { dhcp, packet } = happening;
    if (dhcp.type !== 'offer' && dhcp.type !== 'ack' && dhcp.type !== 'nak') return undefined;
    const { provisioner } = this.names;
    if (provisioner === undefined) return undefined;
    const ip = dhcp.server ?? packet.ip?.from;
    const ours =
      packet.from === provisioner.mac.toLowerCase() && (dhcp.server === undefined || dhcp.server === provisioner.ip);
    const key = `${packet.from} ${ip}`;
    if (ours || this.#told.has(key) || this.#told.size >= MOST) return undefined;
    this.#told.add(key);
    const machine = this.names.machine(packet.from);
    const whom = this.names.machine(dhcp.mac) ?? dhcp.mac;
    const verb = dhcp.type === 'offer' ? 'offered' : 'gave';
    const gave = dhcp.type === 'nak' ? 'refused the address of' : `${verb} ${dhcp.yourIp ?? 'an address'} to`;
    const boot = dhcp.bootFile === undefined ? '' : ` with boot file ${dhcp.bootFile}`;
    const who = machine ?? 'A machine that is not of this lab';
    return new LabError({
      code: 'DHCP_ROGUE',
      message: `${who} (${packet.from}, ${ip}) answers DHCP beside ${provisioner.name}: it ${gave} ${whom}${boot}.`,
      why: `Whoever answers first wins, so machines may boot something else or nothing. Of the server: ${cardVendor(packet.from)}, TTL ${packet.ip?.ttl}, router ${dhcp.router ?? 'none'}, DNS ${dhcp.dns?.join(' ') ?? 'none'}.`,
      remedy: [
        machine === undefined
          ? `Find what has the MAC ${packet.from} and take it off the private network.`
          : machine === provisioner.name
            ? `Stop the second DHCP server: coreos-lab exec ${machine} -- sudo ss -ulpn 'sport = :67'`
            : `Stop its DHCP server, or pull its cable: explore freely, choose ${machine}, press i.`,
        `Then start ${whom} again: coreos-lab reload ${whom}`,
      ],
      ...(machine === undefined ? {} : { machine }),
    });
  }
}
