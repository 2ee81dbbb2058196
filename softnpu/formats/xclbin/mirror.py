"""The JSON copy of its contents that xclbinutil writes behind an xclbin's sections.

XRT does not read it; xclbinutil does, to restore a file. Source: xclbinutil's XclBinClass.cxx,
FormattedOutput.cxx and the sections' own files.
"""

from __future__ import annotations

from collections.abc import Callable

from softnpu.formats.xclbin import metadata, topology
from softnpu.formats.xclbin.container import Container, Header, Section, SectionKind, offsets
from softnpu.formats.xclbin.ptree import Pairs, Tree, write

START = b"XCLBIN_MIRROR_DATA_START"
END = b"XCLBIN_MIRROR_DATA_END"


def mirror(container: Container) -> bytes:
    """The mirror data of a container, with its marks."""
    where = offsets(container.sections)
    entries = [
        ("section_header", _section(section, at))
        for section, at in zip(container.sections, where, strict=True)
    ]
    tree = Pairs(
        ("schema_version", {"major": "1", "minor": "0", "patch": "0"}),
        ("header", _header(container.header)),
        *entries,
    )
    return START + write(tree).encode() + END


def _header(header: Header) -> dict[str, Tree]:
    major, minor, patch = header.version
    return {
        "Magic": "xclbin2",
        "SignatureLength": "ffffffff",
        "KeyBlock": "ff" * 256,
        "UniqueID": header.unique_id.to_bytes(8, "little").hex(),
        "TimeStamp": str(header.timestamp),
        "FeatureRomTimeStamp": "0",
        # xclbinutil prints these two bytes as characters, not as numbers.
        "Version": f"{chr(major)}.{chr(minor)}.{patch}",
        "Mode": str(header.mode),
        "InterfaceUUID": "00" * 16,
        "PlatformVBNV": header.platform,
        "XclBinUUID": header.uuid.hex(),
        "DebugBin": "",
    }


def _section(section: Section, offset: int) -> dict[str, Tree]:
    entry: dict[str, Tree] = {
        "Kind": str(section.kind),
        "Name": section.name,
        "Offset": f"{offset:#x}",
        "Size": f"{len(section.data):#x}",
    }
    payload = _PAYLOADS.get(section.kind)
    if payload is not None:
        entry["payload"] = payload(section.data)
    return entry


def _memories(name: str) -> Callable[[bytes], Tree]:
    def payload(data: bytes) -> Tree:
        rows = [_memory(memory) for memory in topology.parse_memories(data)]
        return {name: {"m_count": str(len(rows)), "m_mem_data": rows}}

    return payload


def _memory(memory: topology.Memory) -> dict[str, Tree]:
    return {
        "m_type": topology.MEMORY_TYPES[memory.type],
        "m_used": str(int(memory.used)),
        "m_sizeKB": f"{memory.size_kb:#x}",
        "m_tag": memory.tag,
        "m_base_address": f"{memory.base_address:#x}",
    }


def _connections(name: str) -> Callable[[bytes], Tree]:
    def payload(data: bytes) -> Tree:
        rows = [
            {
                "arg_index": str(connection.argument),
                "m_ip_layout_index": str(connection.instance),
                "mem_data_index": str(connection.memory),
            }
            for connection in topology.parse_connections(data)
        ]
        return {name: {"m_count": str(len(rows)), "m_connection": rows}}

    return payload


def _instances(data: bytes) -> Tree:
    rows = [
        {
            "m_type": "IP_PS_KERNEL",
            "m_subtype": topology.SUBTYPES[instance.subtype],
            "m_functional": topology.FUNCTIONS[instance.functional],
            "m_kernel_id": f"{instance.kernel_id:#x}",
            "m_base_address": "not_used",
            "m_name": instance.name,
        }
        for instance in topology.parse_instances(data)
    ]
    return {"ip_layout": {"m_count": str(len(rows)), "m_ip_data": rows}}


def _key_values(data: bytes) -> Tree:
    pairs = metadata.parse_key_values(data)
    rows = [{"key": key, "value": value} for key, value in pairs]
    return {"keyvalue_metadata": {"key_values": rows}}


_PAYLOADS: dict[int, Callable[[bytes], Tree]] = {
    SectionKind.MEM_TOPOLOGY: _memories("mem_topology"),
    SectionKind.IP_LAYOUT: _instances,
    SectionKind.CONNECTIVITY: _connections("connectivity"),
    SectionKind.GROUP_CONNECTIVITY: _connections("group_connectivity"),
    SectionKind.GROUP_TOPOLOGY: _memories("group_topology"),
    SectionKind.KEYVALUE_METADATA: _key_values,
}
"""The sections that xclbinutil can write as JSON."""
