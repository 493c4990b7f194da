"""The table as a CloudFormation template."""

from collections.abc import Mapping
from typing import Any

from userkit.backends.dynamodb.layout import TTL, table_properties

__all__ = ["template_of"]


def template_of(table: str) -> Mapping[str, Any]:
    """Return a template of the table: what ``prepare`` makes, and protected from deletion."""
    properties = {
        **table_properties(table),
        "TimeToLiveSpecification": {"AttributeName": TTL, "Enabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": True,
    }
    resource = {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The table in which userkit keeps accounts.",
        "Resources": {"UserkitTable": resource},
        "Outputs": {"TableArn": {"Value": {"Fn::GetAtt": ["UserkitTable", "Arn"]}}},
    }
