"""Load balancers: what goes over the wire, what is kept out, and who asked for what."""

from __future__ import annotations

from soc2_collectors.aws.models.acm import Certificate
from soc2_collectors.aws.models.elb import ClassicLoadBalancer, LoadBalancer, TlsPolicy
from soc2_collectors.aws.models.logs import DeliverySource
from soc2_collectors.aws.models.waf import WebAcl
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_deliveries import delivered
from soc2_rules.mechanisms.known import asked

_HTTP = 80
_TLS = ("HTTPS", "TLS")
_PLAIN = ("HTTP", "TCP", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC", "GENEVE")
"""Protocols of listeners that hold no TLS of the balancer's own."""
_GOOD = ("TLSv1.2", "TLSv1.3")
_TOO_OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")
_WEAK = ("RC4", "RC2", "DES", "IDEA", "NULL", "EXP", "MD5", "ADH", "AECDH", "anon", "KRB5")
"""Parts of names, OpenSSL's or IANA's: broken or short keys, and key exchanges that prove nobody's identity."""
_STRONG = ("AES", "CHACHA20", "CAMELLIA", "ARIA", "SEED")
"""Parts of the names of ciphers that hold, where none of the weak ones is among them."""


@rule(
    criteria=["CC6.7", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:elbv2_ssl_listeners",
        "powerpipe:elb_application_lb_redirect_http_request_to_https",
    ],
)
def aws_alb_https_redirect(balancer: LoadBalancer) -> Verdict:
    """Application load balancers send clients of plain HTTP to HTTPS, or refuse them.

    Why: a form that is sent in clear is read by everybody on the way.
    Fix: aws elbv2 modify-listener --listener-arn ARN --default-actions
        'Type=redirect,RedirectConfig={Protocol=HTTPS,Port=443,StatusCode=HTTP_301}', and aws elbv2 modify-rule
        for rules that answer.
    """
    if balancer.type != "application":
        return not_applicable(f"a {balancer.type} load balancer")
    if not balancer.listeners:
        return not_applicable("no listener")
    plain = [listener for listener in balancer.listeners if listener.protocol == "HTTP"]
    answering = [
        str(listener.port)
        for listener in plain
        if not listener.default_actions
        or any(action.answers for action in listener.default_actions)
    ]
    if answering:
        return failed(f"answers plain HTTP on {', '.join(answering)}")
    if any(listener.protocol not in ("HTTP", "HTTPS") for listener in balancer.listeners):
        return inconclusive("AWS tells of a listener whose protocol is not known")
    if not plain:
        return passed("no listener of plain HTTP")
    rules = balancer.plain_rules
    if not rules:
        return inconclusive("AWS tells of no rule, and every listener has one")
    serving = sum(not r.actions or any(act.answers for act in r.actions) for r in rules)
    if serving:
        return failed(f"{serving} of {len(rules)} rules for plain HTTP answer it")
    refused = sum(all(action.refuses for action in r.actions) for r in rules)
    told = f"plain HTTP is redirected to HTTPS by {len(rules) - refused} rules"
    return passed(f"{told}, and refused by {refused}" if refused else told)


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.MEDIUM,
    needs=[WebAcl],
    known_as=[
        "prowler:elbv2_waf_acl_attached",
        "powerpipe:elb_application_lb_waf_enabled",
    ],
)
def aws_alb_waf(balancer: LoadBalancer, evidence: Evidence) -> Verdict:
    """Internet-facing application load balancers stand behind a web ACL.

    Why: whole classes of attacks are known by their shape, and need not reach the application.
    Fix: aws wafv2 associate-web-acl --web-acl-arn ACL --resource-arn ARN.
    """
    if balancer.type in ("network", "gateway") or balancer.scheme == "internal":
        return not_applicable(f"{balancer.scheme or 'no scheme'}, {balancer.type}")
    if balancer.type != "application" or balancer.scheme != "internet-facing":
        return inconclusive(f"not known: {balancer.scheme or 'no scheme'}, {balancer.type}")
    known, unread = asked(evidence.here(WebAcl), lambda acl: balancer.arn in acl.protects)
    if acls := sorted((acl for acl, protects in known if protects), key=lambda acl: acl.name):
        return passed(f"behind {', '.join(acl.name for acl in acls)}", on=acls)
    if unread is not None:
        raise unread
    return failed("no web ACL")


@rule(
    criteria=["CC6.7"],
    severity=Severity.MEDIUM,
    needs=[TlsPolicy],
    known_as=["prowler:elbv2_insecure_ssl_ciphers"],
)
def aws_lb_tls_policy(
    balancer: LoadBalancer,
    evidence: Evidence,
    *,
    too_old: tuple[str, ...] = _TOO_OLD,
    weak: tuple[str, ...] = _WEAK,
) -> Verdict:
    """TLS listeners speak TLS 1.2 or newer, without weak ciphers.

    What a policy allows is asked of AWS, not of a list.

    Why: older versions can be read by somebody who records them and has time.
    Fix: aws elbv2 modify-listener --listener-arn ARN --ssl-policy ELBSecurityPolicy-TLS13-1-2-Res-2021-06.
    """
    encrypted = [listener for listener in balancer.listeners if listener.protocol not in _PLAIN]
    if not encrypted:
        return not_applicable("no TLS listener")
    policies = evidence.index(TlsPolicy, "name", within="here")
    found: list[str] = []
    unknown: list[str] = []
    for listener in encrypted:
        known = policies.get(listener.ssl_policy, ())
        if not known:
            unknown.append(str(listener.ssl_policy))
            continue
        protocols = known[0].ssl_protocols
        old = [protocol for protocol in protocols if protocol in too_old]
        if not protocols or not known[0].ciphers or set(protocols) - {*too_old, *_TOO_OLD, *_GOOD}:
            unknown.append(str(listener.ssl_policy))
        if listener.protocol not in _TLS:
            unknown.append(f"{listener.protocol or 'a protocol that is not told'}")
        bad = [c.name for c in known[0].ciphers if any(sign in c.name for sign in weak)]
        judged = (*_STRONG, *_WEAK, *weak)
        unknown += [c.name for c in known[0].ciphers if not any(s in c.name for s in judged)]
        if old or bad:
            found.append(
                f"{listener.ssl_policy} on {listener.port} allows {', '.join([*old, *bad])}"
            )
    if found:
        return failed("; ".join(found))
    if unknown:
        return inconclusive(f"what {', '.join(sorted(set(unknown)))} allows is not known")
    return passed(", ".join(sorted({str(listener.ssl_policy) for listener in encrypted})))


@rule(
    criteria=["CC6.7", "CC6.1"],
    severity=Severity.MEDIUM,
    needs=[Certificate],
    known_as=[
        "prowler:elb_ssl_listeners",
        "prowler:elb_ssl_listeners_use_acm_certificate",
        "powerpipe:elb_classic_lb_use_ssl_certificate",
        "powerpipe:elb_classic_lb_use_tls_https_listeners",
    ],
)
def aws_clb_tls(balancer: ClassicLoadBalancer, evidence: Evidence) -> Verdict:
    """Classic load balancers listen to TLS only, with certificates that ACM renews.

    Whether it did so in time is asked of each certificate by aws-acm-expiry.

    Why: ACM renews what it issued; one that was imported or uploaded ends on a day that nobody remembers.
    Fix: aws elb create-load-balancer-listeners with Protocol=HTTPS and an ACM certificate, and delete the
        others; better, move to an application load balancer.
    """
    if not balancer.listeners:
        return not_applicable("no listener")
    found, encrypted = [], []
    for item in balancer.listeners:
        listener = item.listener
        if listener.protocol.upper() not in ("HTTPS", "SSL"):
            found.append(f"{listener.protocol} on {listener.load_balancer_port}")
        elif ":acm:" not in (listener.certificate or ""):
            found.append(f"no certificate of ACM on {listener.load_balancer_port}")
        else:
            encrypted.append(listener)
    if found:
        return failed("; ".join(found))
    certificates = evidence.index(Certificate, "certificate_arn", within="here")
    types = {
        listener.load_balancer_port: [c.type for c in certificates.get(listener.certificate, ())]
        for listener in encrypted
    }
    if imported := sorted(port for port, found in types.items() if "IMPORTED" in found):
        return failed(f"an imported certificate, which ACM does not renew: {_ports(imported)}")
    renewed = {
        listener.load_balancer_port: {
            c.renewal_eligibility for c in certificates.get(listener.certificate, ())
        }
        for listener in encrypted
    }
    if ending := sorted(port for port, found in renewed.items() if "INELIGIBLE" in found):
        return failed(f"a certificate that ACM does not renew: {_ports(ending)}")
    named = {
        listener.load_balancer_port: certificates.get(listener.certificate, ())
        for listener in encrypted
    }
    if broken := sorted(port for port, found in named.items() if any(c.broken for c in found)):
        said = ", ".join(sorted({c.broken for port in broken for c in named[port] if c.broken}))
        return failed(f"a certificate that is {said}: {_ports(broken)}")
    if unknown := sorted(port for port, found in types.items() if not set(found) & set(_RENEWED)):
        return inconclusive(f"not among the certificates that were collected: {_ports(unknown)}")
    if untold := sorted(port for port, found in renewed.items() if found != {"ELIGIBLE"}):
        return inconclusive(f"AWS does not say whether ACM renews: {_ports(untold)}")
    waiting = {port: {c.status for c in found} - {"ISSUED"} for port, found in named.items()}
    if strange := sorted(port for port, found in waiting.items() if found):
        said = ", ".join(sorted(set().union(*waiting.values())))
        return inconclusive(f"a certificate whose state is {said}: {_ports(strange)}")
    return passed(f"TLS with certificates that ACM issued and renews: {_ports(sorted(types))}")


_RENEWED = ("AMAZON_ISSUED", "PRIVATE")


def _ports(numbers: list[int]) -> str:
    return ", ".join(f"port {number}" for number in numbers)


_ORDER = "Server-Defined-Cipher-Order"
"""An attribute of TLS policies that is neither a version nor a cipher."""


@rule(
    criteria=["CC6.7"],
    severity=Severity.MEDIUM,
    known_as=["prowler:elb_insecure_ssl_ciphers"],
)
def aws_clb_tls_policy(balancer: ClassicLoadBalancer) -> Verdict:
    """TLS listeners of classic load balancers speak TLS 1.2, without weak ciphers.

    Why: older versions can be read by somebody who records them and has time.
    Fix: aws elb create-load-balancer-policy --load-balancer-name NAME --policy-name tls-1-2 --policy-type-name
        SSLNegotiationPolicyType --policy-attributes
        AttributeName=Reference-Security-Policy,AttributeValue=ELBSecurityPolicy-TLS-1-2-2017-01, then aws elb
        set-load-balancer-policies-of-listener --load-balancer-name NAME --load-balancer-port 443 --policy-names
        tls-1-2.
    """
    encrypted = [
        item for item in balancer.listeners if item.listener.protocol.upper() in ("HTTPS", "SSL")
    ]
    if not encrypted:
        return not_applicable("no TLS listener")
    policies = {policy.policy_name: policy for policy in balancer.policies}
    found: list[str] = []
    unclear: list[str] = []
    for item in encrypted:
        attached = [policies[name] for name in item.policy_names if name in policies]
        negotiation = [p for p in attached if p.policy_type_name == "SSLNegotiationPolicyType"]
        if not negotiation:
            return inconclusive(f"no TLS policy is told for {item.listener.load_balancer_port}")
        said = {
            attribute.attribute_name.removeprefix("Protocol-"): attribute.attribute_value.lower()
            for policy in negotiation
            for attribute in policy.attributes
            if attribute.attribute_name != "Reference-Security-Policy"
        }
        on = {name for name, value in said.items() if value == "true"}
        strange = {
            name for name in on - {*_GOOD, _ORDER} if not any(sign in name for sign in _STRONG)
        }
        if "TLSv1.2" not in on or strange or set(said.values()) - {"true", "false"}:
            unclear.append(str(item.listener.load_balancer_port))
        bad = sorted(name for name in on if name in _TOO_OLD or any(sign in name for sign in _WEAK))
        if bad:
            found.append(f"{item.listener.load_balancer_port} allows {', '.join(bad)}")
    if found:
        return failed("; ".join(found))
    if unclear:
        return inconclusive(f"AWS does not say what is allowed on {', '.join(unclear)}")
    return passed("TLS 1.2 without weak ciphers")


@rule(
    criteria=["CC6.7", "CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:elbv2_alb_drop_invalid_header_fields_enabled",
        "powerpipe:elb_application_lb_http_drop_invalid_header_enabled",
    ],
)
def aws_alb_drop_invalid_headers(balancer: LoadBalancer) -> Verdict:
    """Application load balancers drop headers that are not valid.

    Why: a header that balancer and application read differently smuggles requests past both.
    Fix: aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN --attributes
        Key=routing.http.drop_invalid_header_fields.enabled,Value=true.
    """
    if balancer.type != "application":
        return not_applicable(f"a {balancer.type} load balancer")
    value = balancer.attribute("routing.http.drop_invalid_header_fields.enabled")
    if value is None:
        return inconclusive("AWS does not say")
    if value not in ("true", "false"):
        return inconclusive(f"AWS says {value}")
    return passed("dropped") if value == "true" else failed("passed on")


_DELIVERED = {"application": "ALB_ACCESS_LOGS", "network": "NLB_ACCESS_LOGS"}
"""How CloudWatch's deliveries call the access logs of each type of balancer."""


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[DeliverySource],
    known_as=[
        "prowler:elbv2_logging_enabled",
        "powerpipe:elb_application_classic_lb_logging_enabled",
    ],
)
def aws_lb_access_logs(balancer: LoadBalancer, evidence: Evidence) -> Verdict:
    """Load balancers are set to keep access logs: in a bucket, or by a delivery of CloudWatch.

    Whether the bucket is still there, and takes them, is not read.

    Why: they hold each client's address and request: what is asked for first after a break-in.
    Fix: aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN --attributes
        Key=access_logs.s3.enabled,Value=true Key=access_logs.s3.bucket,Value=BUCKET; or aws logs
        put-delivery-source with ALB_ACCESS_LOGS or NLB_ACCESS_LOGS, and create-delivery.
    """
    if balancer.type == "gateway":
        return not_applicable("gateway load balancers write no access logs")
    if balancer.type not in _DELIVERED:
        return inconclusive(f"a type that is not known: {balancer.type}")
    if balancer.type == "network" and not any(one.protocol == "TLS" for one in balancer.listeners):
        return not_applicable("network load balancers log TLS listeners only, and it has none")
    value = balancer.attribute("access_logs.s3.enabled")
    if value == "true":
        bucket = balancer.attribute("access_logs.s3.bucket")
        return passed(f"to be kept in {bucket}" if bucket else "to be kept in a bucket")
    sources = evidence.here(DeliverySource)
    if sent := delivered(sources, balancer.arn, _DELIVERED[balancer.type]):
        return passed("delivered by CloudWatch", on=sent)
    if value is None:
        return inconclusive("AWS does not say")
    return failed("not kept") if value == "false" else inconclusive(f"AWS says {value}")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=["prowler:elb_logging_enabled"],
)
def aws_clb_access_logs(balancer: ClassicLoadBalancer) -> Verdict:
    """Classic load balancers are set to keep access logs.

    Whether the bucket is still there, and takes them, is not read.

    Why: they hold each client's address and request: what is asked for first after a break-in.
    Fix: aws elb modify-load-balancer-attributes --load-balancer-name NAME --load-balancer-attributes
        'AccessLog={Enabled=true,S3BucketName=BUCKET,EmitInterval=5}'.
    """
    log = balancer.attributes.access_log
    if not log.enabled:
        return failed("not kept")
    return passed(f"to be kept in {log.bucket}" if log.bucket else "to be kept in a bucket")
