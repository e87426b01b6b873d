from __future__ import annotations

import json
import pickle

import pytest
from cryptography.fernet import Fernet
from django.apps.registry import Apps
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection, models
from django.forms import modelform_factory

from foundation.secrets import Sealed, SealedField, Unreadable, new_key, new_token, seal, token_digest, unseal

CANARY = "canary-5e1f"


class Vault(models.Model):
    name = models.CharField(max_length=20)
    key = SealedField(null=True)

    class Meta:
        app_label = "foundation"
        apps = Apps()  # a registry of its own: other tests walk every registered table


def test_what_is_sealed_opens_again_and_looks_different_each_time():
    assert unseal(seal(CANARY)) == CANARY
    assert seal(CANARY) != seal(CANARY)


def test_a_new_first_key_seals_while_the_old_one_still_opens(settings):
    old = seal(CANARY)
    fresh = new_key()
    settings.ENCRYPTION_KEYS = [fresh, *settings.ENCRYPTION_KEYS]
    assert unseal(old) == CANARY
    assert Fernet(fresh).decrypt(seal(CANARY).encode()).decode() == CANARY


def test_a_lost_key_is_said_in_a_sentence(settings):
    old = seal(CANARY)
    settings.ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(Unreadable, match="Enter the secret again"):
        unseal(old)


def test_the_canary_shows_nowhere_once_assigned():
    vault = Vault(name="x", key=CANARY)
    assert vault.key.reveal() == CANARY
    for shown in (repr(vault.__dict__), str(vault.key), f"{vault.key!r}", repr(pickle.dumps(vault))):
        assert CANARY not in shown
    dump = serializers.serialize("json", [vault])
    assert json.loads(dump)[0]["fields"]["key"] == ""
    assert "key" not in modelform_factory(Vault, fields="__all__").base_fields


@pytest.mark.django_db(transaction=False)
def test_the_database_holds_only_the_sealed_text():
    with connection.cursor() as cursor:
        kind = "bigserial" if connection.vendor == "postgresql" else "integer"
        cursor.execute(f"CREATE TABLE foundation_vault (id {kind} PRIMARY KEY, name varchar(20), key text)")
        Vault.objects.create(name="x", key=CANARY)
        cursor.execute("SELECT key FROM foundation_vault")
        stored = cursor.fetchone()[0]
    assert CANARY not in stored
    assert unseal(stored) == CANARY
    assert Vault.objects.get(name="x").key.reveal() == CANARY
    Vault.objects.update(key="other")
    assert Vault.objects.get(name="x").key == Vault.objects.get(name="x").key
    assert Vault.objects.defer("key").get(name="x").key.reveal() == "other"
    assert Vault.objects.filter(key__isnull=False).count() == 1


def test_a_sealed_field_cannot_be_searched():
    with pytest.raises(FieldError):
        Vault.objects.filter(key="other")


def test_an_empty_secret_stays_empty():
    assert not Vault(key="").key
    assert Vault(key=None).key is None
    assert Sealed("") == Sealed("")


def test_tokens_are_random_and_kept_as_digests():
    first, second = new_token(), new_token(128)
    assert first != second
    assert len(first) >= 43
    assert len(token_digest(first)) == 64
    with pytest.raises(ValueError, match="128"):
        new_token(64)
