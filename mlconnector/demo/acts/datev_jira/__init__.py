from mlconnector.demo.acts.datev_jira.act import DatevToJira as ACT

__all__ = ("ACT",)
