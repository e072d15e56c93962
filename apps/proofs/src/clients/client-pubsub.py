"""An ordinary day with google-cloud-pubsub for Python. Prints one line per step: right, refused or wrong."""

import os
import threading
import time
from concurrent.futures import TimeoutError as Late

from google.api_core import exceptions
from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.subscriber import exceptions as subscriber_exceptions
from google.protobuf import field_mask_pb2
from google.pubsub_v1 import types

PROJECT = f"projects/{os.environ['GOOGLE_CLOUD_PROJECT']}"
SECONDS = 20


def name(collection, resource_id):
    return f"{PROJECT}/{collection}/python-{resource_id}"


def step(title):
    def run(function):
        try:
            refusal = function()
            print(f"refused: {title}: {refusal}" if refusal else f"right: {title}", flush=True)
        except Exception as error:
            print(f"wrong: {title}: {type(error).__name__}: {error}".replace("\n", " ")[:500], flush=True)

    return run


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f"{str(actual)[:200]} instead of {str(expected)[:200]}")


def receive(subscription, count, answer=lambda message: message.ack(), **options):
    """The first messages of a subscription, in the order of their arrival."""
    received, done = [], threading.Event()

    def callback(message):
        received.append(message)
        answer(message)
        if len(received) >= count:
            done.set()

    future = subscriber.subscribe(subscription, callback, **options)
    done.wait(SECONDS)
    future.cancel()
    try:
        future.result(timeout=SECONDS)
    except Late:
        pass
    return received


def subscribe(subscription, to, **options):
    subscriber.create_subscription(request={"name": subscription, "topic": to, **options})


publisher = pubsub_v1.PublisherClient()
ordered = pubsub_v1.PublisherClient(publisher_options=pubsub_v1.types.PublisherOptions(enable_message_ordering=True))
subscriber = pubsub_v1.SubscriberClient()
topic = name("topics", "orders")
reader = name("subscriptions", "orders")
snapshot = name("snapshots", "orders")


@step("creates a topic and an ordered subscription")
def _():
    publisher.create_topic(name=topic)
    subscribe(reader, topic, enable_message_ordering=True)


@step("publishes with ordering keys, and each message is stored once")
def _():
    started = time.monotonic()
    futures = [ordered.publish(topic, f"{n}".encode(), ordering_key=f"k{n % 3}") for n in range(600)]
    ids = [future.result(timeout=SECONDS) for future in futures]
    expect(len(set(ids)), 600)
    if time.monotonic() - started > 10:
        raise AssertionError(f"{time.monotonic() - started:.0f} s for 600 messages")


@step("receives each key in order, and nothing twice")
def _():
    received = receive(reader, 600)
    texts = [int(message.data) for message in received]
    expect(sorted(texts), list(range(600)))
    for key in range(3):
        expect([n for n in texts if n % 3 == key], list(range(key, 600, 3)))


@step("pulls, extends a deadline, and acknowledges")
def _():
    publisher.publish(topic, b"pulled", ordering_key="").result(timeout=SECONDS)
    response = subscriber.pull(subscription=reader, max_messages=5)
    expect([received.message.data for received in response.received_messages], [b"pulled"])
    ack_ids = [received.ack_id for received in response.received_messages]
    subscriber.modify_ack_deadline(subscription=reader, ack_ids=ack_ids, ack_deadline_seconds=60)
    subscriber.acknowledge(subscription=reader, ack_ids=ack_ids)


@step("returns to a snapshot")
def _():
    subscriber.create_snapshot(name=snapshot, subscription=reader)
    publisher.publish(topic, b"again").result(timeout=SECONDS)
    expect([message.data for message in receive(reader, 1)], [b"again"])
    subscriber.seek(request={"subscription": reader, "snapshot": snapshot})
    expect([message.data for message in receive(reader, 1)], [b"again"])
    subscriber.delete_snapshot(snapshot=snapshot)


@step("acknowledges exactly once, and hears of it")
def _():
    once = name("subscriptions", "once")
    subscribe(once, topic, enable_exactly_once_delivery=True)
    publisher.publish(topic, b"once").result(timeout=SECONDS)
    answers = []
    receive(once, 1, lambda message: answers.append(message.ack_with_response()))
    expect([future.result(timeout=SECONDS).name for future in answers], ["SUCCESS"])


@step("hears that an exactly-once acknowledgement came too late")
def _():
    once = name("subscriptions", "once")
    publisher.publish(topic, b"twice").result(timeout=SECONDS)
    received = subscriber.pull(subscription=once, max_messages=1).received_messages
    ack_ids = [message.ack_id for message in received]
    subscriber.acknowledge(subscription=once, ack_ids=ack_ids)
    try:
        subscriber.acknowledge(subscription=once, ack_ids=ack_ids)
    except exceptions.InvalidArgument as error:
        expect(error.reason, "INVALID_ACK_ID")
        return
    raise AssertionError("accepted")


@step("sets an IAM policy that was read before, and tests permissions")
def _():
    policy = publisher.get_iam_policy(request={"resource": topic})
    policy.bindings.add(role="roles/pubsub.publisher", members=["user:ana@example.com"])
    publisher.set_iam_policy(request={"resource": topic, "policy": policy})
    expect(len(publisher.get_iam_policy(request={"resource": topic}).bindings), 1)
    permissions = ["pubsub.topics.publish"]
    answer = publisher.test_iam_permissions(request={"resource": topic, "permissions": permissions})
    expect(list(answer.permissions), permissions)


@step("forwards to a dead-letter topic that it made and granted itself")
def _():
    dead, grave, work = name("topics", "dead"), name("subscriptions", "dead"), name("subscriptions", "work")
    publisher.create_topic(name=dead)
    subscribe(grave, dead)
    policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
    subscribe(work, topic, dead_letter_policy=policy)
    agent = f"serviceAccount:service-{os.environ['PROJECT_NUMBER']}@gcp-sa-pubsub.iam.gserviceaccount.com"
    for resource, role in ((dead, "roles/pubsub.publisher"), (work, "roles/pubsub.subscriber")):
        bindings = [{"role": role, "members": [agent]}]
        publisher.set_iam_policy(request={"resource": resource, "policy": {"bindings": bindings}})
    publisher.publish(topic, b"poison").result(timeout=SECONDS)
    nacked = receive(work, 5, lambda message: message.nack())
    expect([message.delivery_attempt for message in nacked], [1, 2, 3, 4, 5])
    expect([message.data for message in receive(grave, 1)], [b"poison"])


@step("filters, updates, lists in pages and seeks to a time")
def _():
    filtered = name("subscriptions", "filtered")
    subscribe(filtered, topic, filter='attributes.kind = "good"')
    for kind in ("bad", "good"):
        publisher.publish(topic, kind.encode(), kind=kind).result(timeout=SECONDS)
    expect([message.data for message in receive(filtered, 1)], [b"good"])
    update = {"subscription": types.Subscription(name=filtered, ack_deadline_seconds=42)}
    update["update_mask"] = field_mask_pb2.FieldMask(paths=["ack_deadline_seconds"])
    expect(subscriber.update_subscription(request=update).ack_deadline_seconds, 42)
    listed = subscriber.list_subscriptions(request={"project": PROJECT, "page_size": 2})
    names = [subscription.name for subscription in listed if "/python-" in subscription.name]
    expect(len(names), len(set(names)))
    try:
        list(publisher.list_topics(request={"project": PROJECT, "page_token": "of-nobody"}))
    except exceptions.InvalidArgument:
        pass
    else:
        raise AssertionError("a page token that no page had was accepted")
    subscriber.seek(request={"subscription": filtered, "time": "2026-01-01T00:00:00Z"})


@step("a Cloud Storage subscription")
def _():
    request = {"name": name("subscriptions", "bucket"), "topic": topic, "cloud_storage_config": {"bucket": "b"}}
    started = time.monotonic()
    try:
        subscriber.create_subscription(request=request)
    except exceptions.MethodNotImplemented as error:
        if time.monotonic() - started > 2:
            raise AssertionError("refused late") from error
        return error.message
    raise AssertionError("accepted")


@step("deletes what it made")
def _():
    for subscription in list(subscriber.list_subscriptions(project=PROJECT)):
        if "/python-" in subscription.name:
            subscriber.delete_subscription(subscription=subscription.name)
    for one in list(publisher.list_topics(project=PROJECT)):
        if "/python-" in one.name:
            publisher.delete_topic(topic=one.name)
