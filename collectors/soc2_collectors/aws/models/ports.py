"""Ports that nobody should find open on the internet: the tables that rules start from."""

from __future__ import annotations

ADMIN_PORTS = (22, 3389, 5985, 5986)
"""SSH, RDP, WinRM."""
DATA_PORTS = (
    20,
    21,
    23,
    25,
    110,
    135,
    137,
    139,
    143,
    445,
    1433,
    1434,
    1521,
    2049,
    2375,
    2376,
    2379,
    2380,
    3306,
    4333,
    5432,
    5500,
    5601,
    6379,
    7000,
    7001,
    8020,
    8086,
    9042,
    9092,
    9160,
    9200,
    9300,
    11211,
    15672,
    27017,
    27018,
    50070,
)
"""Databases, caches, search, brokers, file shares, container engines, and protocols without encryption."""
