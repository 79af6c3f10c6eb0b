"""Ports that nobody should find open on the internet: the tables that rules start from.

Sources: IANA, "Service Name and Transport Protocol Port Number Registry", and the manuals of the products.
"""

from __future__ import annotations

ADMIN_PORTS = (22, 3389, 5985, 5986)
"""SSH, RDP, WinRM."""
DATA_PORTS = (
    20,  # FTP
    21,
    23,  # Telnet
    25,  # SMTP
    88,  # Kerberos
    110,  # POP3
    111,  # rpcbind
    135,  # Microsoft RPC
    137,  # NetBIOS
    138,
    139,
    143,  # IMAP
    389,  # LDAP
    445,  # SMB
    464,  # Kerberos, change of passwords
    512,  # rexec, rlogin, rsh
    513,
    514,
    636,  # LDAP over TLS
    749,  # Kerberos, administration
    750,
    873,  # rsync
    1433,  # SQL Server
    1434,
    1521,  # Oracle
    1883,  # MQTT
    2049,  # NFS
    2181,  # ZooKeeper
    2375,  # Docker
    2376,
    2379,  # etcd
    2380,
    2483,  # Oracle
    2484,
    3268,  # global catalogue of Active Directory
    3269,
    3306,  # MySQL
    4333,  # mSQL
    5432,  # PostgreSQL
    5439,  # Redshift
    5500,  # VNC
    5601,  # Kibana
    5671,  # AMQP
    5672,
    5900,  # VNC
    5901,
    5984,  # CouchDB
    6379,  # Redis
    6380,  # Redis over TLS, as Azure has it
    7000,  # Cassandra
    7001,
    7199,
    7687,  # Neo4j
    8020,  # HDFS
    8086,  # InfluxDB
    8182,  # Neptune, Gremlin
    8883,  # MQTT over TLS
    8888,  # OpsCenter of Cassandra
    9042,  # Cassandra
    9092,  # Kafka
    9093,
    9094,
    9096,
    9098,
    9160,  # Cassandra
    9200,  # Elasticsearch
    9300,
    10250,  # kubelet
    11211,  # Memcached
    15672,  # RabbitMQ
    26257,  # CockroachDB
    27017,  # MongoDB
    27018,
    27019,
    50000,  # Db2
    50070,  # HDFS
    61616,  # ActiveMQ
    61617,
)
"""Databases, caches, search, brokers, directories, file shares, container engines.

And protocols without encryption.
"""
TCP_ONLY = frozenset(
    {
        *(20, 21, 22, 23, 25, 110, 143, 512, 873, 1433, 1521, 2181, 2375, 2376, 2379, 2380, 2483),
        *(2484, 3306, 4333, 5432, 5439, 5500, 5601, 5671, 5672, 5900, 5901, 5984, 5985, 5986, 6379),
        *(6380, 7199, 7687, 8020, 8086, 8182, 8888, 9042, 9092, 9093, 9094, 9096, 9098, 9160, 9200),
        *(9300, 10250, 15672, 26257, 27017, 27018, 27019, 50000, 50070, 61616, 61617),
    }
)
"""Of these and the ports of administrators, those whose service speaks TCP only: nothing answers on UDP."""


def ports_of(protocol: str, ports: tuple[int, ...]) -> tuple[int, ...]:
    """Which of these ports to ask for over ``tcp`` or ``udp``; a port that is not known counts for both."""
    return ports if protocol == "tcp" else tuple(port for port in ports if port not in TCP_ONLY)
