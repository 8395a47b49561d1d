"""Projects, their work breakdown structure, invoice terms, budgets, times and costs.

Facts of the vendor's REST reference (read 2025-07): names, types and marks; entity.py reads them.
"""

FIELDS = {
    "project/Projects": """
        Guid: ID* Account* AccountContact* Classification* Creator FixedPriceItem* InvoiceAddress*
            Manager* Modifier PrepaidItem* SourceQuotation
        String: AccountCode AccountName BudgetTypeDescription ClassificationDescription Code*!
            CreatorFullName CustomerPOnumber* Description*! DivisionName FixedPriceItemDescription
            InternalNotes* ManagerFullname ModifierFullName Notes* PrepaidItemDescription
            PrepaidTypeDescription TypeDescription CustomField InvoiceDescription* PaymentCondition*
        Int16: BudgetType* IncludeInvoiceSpecification* PrepaidType*
        Int32: Division Type*!
        Byte: BudgetOverrunHours* IsWBSRequiredForEntry*
        Double: BudgetedAmount* BudgetedCosts* BudgetedRevenue* CostsAmountFC MarkupPercentage*
            SalesTimeQuantity* TimeQuantityToAlert*
        Boolean: AllowAdditionalInvoicing* BlockEntry* BlockPurchasing* BlockRebilling* HasWBSLines
            IncludeSpecificationInInvoicePdf* InvoiceAsQuoted UseBillingMilestones*
            AllowMemberEntryOnly* BlockInvoicing* BlockPlanning* EnableWorkInProgress*
        DateTime: Created EndDate* Modified StartDate*
        Collection: BudgetedHoursPerHourType InvoiceTerms ProjectRestrictionEmployees
            ProjectRestrictionItems ProjectRestrictionRebillings
    """,
    "project/WBSDeliverables": """
        Guid: ID* Creator Modifier PartOf* Project*! ProjectTerm*
        String: CreatorFullName Description*! ModifierFullName Notes* PartOfDescription
            ProjectDescription ProjectTermDescription CustomField
        Int16: Type* UpdateAction*
        Int32: Division SequenceNumber*
        Boolean: Completed* Milestone* ReleaseInvoiceTerm* ReleaseInvoiceTermHasSpecifyDate*
        DateTime: Created Modified ReleaseInvoiceTermDate*
    """,
    "project/WBSActivities": """
        Guid: ID* Creator DefaultItem* Modifier PartOf* Project*! InvoiceTerm
        String: CreatorFullName Description*! ModifierFullName Notes* PartOfDescription
            ProjectDescription CustomField
        Int16: Type* UpdateAction* InvoiceMethod* ProjectTermAction*
        Int32: Division SequenceNumber*
        Byte: BudgetOverrunHours*
        Double: BudgetedCost* BudgetedHours* BudgetedRevenue* TimeQuantityToAlert*
        Boolean: BlockEntry* Completed* DefaultItemIsMandatory* InvoiceSeparately*
            AutoCreateInvoiceTerm* ReleaseInvoiceTerm* ReleaseInvoiceTermHasSpecifyDate*
        DateTime: Created EndDate* Modified StartDate* InvoiceDate* ReleaseInvoiceTermDate*
    """,
    "project/WBSExpenses": """
        Guid: ID* Creator Modifier PartOf* Project*! InvoiceTerm Item* Supplier*
        String: CreatorFullName Description*! ModifierFullName Notes* PartOfDescription
            ProjectDescription CustomField
        Int16: Type* UpdateAction* InvoiceMethod* ProjectTermAction*
        Int32: Division SequenceNumber*
        Double: BudgetedCost* BudgetedRevenue* MarkupPercentage* PurchasePrice* Quantity*
        Boolean: BlockEntry* BlockRebilling* InvoiceSeparately* AutoCreateInvoiceTerm* Completed*
            ReleaseInvoiceTerm* ReleaseInvoiceTermHasSpecifyDate*
        DateTime: Created EndDate* Modified StartDate* InvoiceDate* ReleaseInvoiceTermDate*
    """,
    "project/InvoiceTerms": """
        Guid: ID* Creator Item* Modifier Project*! InvoiceId WBS
        String: CreatorFullName Deliverable Description* ItemDescription ModifierFullName Notes*
            ProjectDescription VATCode* VATCodeDescription
        Int16: InvoiceStatus
        Int32: Division
        Double: Amount*! Percentage VATPercentage
        DateTime: Created ExecutionFromDate* ExecutionToDate* InvoiceDate* Modified
    """,
    "project/ProjectHourBudgets": """
        Guid: ID* Creator Item*! Modifier Project*!
        String: CreatorFullName ItemCode ItemDescription ModifierFullName ProjectCode ProjectDescription
        Int32: Division
        Double: Budget*!
        DateTime: Created Modified
    """,
    "project/CostTransactions": """
        Guid: ID* Account*~ Attachment*~ Creator Employee*~ Expense*~ Item*!~ Modifier Project*!~
            ProjectAccount Subscription*~ SubscriptionAccount*
        String: AccountName CreatorFullName Currency*~ DivisionDescription ErrorText*~
            ExpenseDescription* ItemDescription ModifierFullName Notes*~ ProjectAccountCode
            ProjectAccountName ProjectDescription SubscriptionAccountCode SubscriptionAccountName
            SubscriptionDescription CustomField
        Int16: HourStatus*~ Type
        Int32: Division EntryNumber*~ SubscriptionNumber
        Double: Amount* AmountFC~ Price* PriceFC*~ Quantity*!~
        Boolean: ItemDivisable SkipValidation*
        DateTime: Created Date*~ Modified
    """,
    "project/TimeTransactions": """
        Guid: ID* Account*~ Activity*~ Attachment*~ Creator Employee*~ Item*!~ Modifier Project*!~
            ProjectAccount Subscription*~ SubscriptionAccount*
        String: AccountName ActivityDescription CreatorFullName Currency*~ DivisionDescription
            ErrorText*~ ItemDescription ModifierFullName Notes*~ ProjectAccountCode~ ProjectAccountName
            ProjectCode ProjectDescription SubscriptionAccountCode SubscriptionAccountName
            SubscriptionDescription CustomField
        Int16: HourStatus*~ Type
        Int32: Division EntryNumber*~ SubscriptionNumber
        Double: Amount* AmountFC~ Price* PriceFC~ Quantity*!~
        Boolean: ItemDivisable SkipValidation*
        DateTime: Created Date*~ EndTime*~ Modified StartTime*~
    """,
    "project/ProjectPlanning": """
        Guid: ID* Account*~ Creator Employee*!~ HourType*!~ Modifier Project*~ ProjectPlanningRecurring
            ProjectWBS*~
        String: AccountCode AccountName CreatorFullName Description*!~ EmployeeCode HourTypeCode
            HourTypeDescription ModifierFullName Notes*~ ProjectCode ProjectDescription
            ProjectWBSDescription CustomField
        Int16: BGTStatus CommunicationErrorStatus Status*!~ Type
        Int32: Division EmployeeHID
        Double: Hours*~
        Boolean: IsBrokenRecurrence OverAllocate*~
        DateTime: Created EndDate*!~ Modified StartDate*!~
    """,
    "project/ProjectProgressReports": """
        Guid: ID Creator Modifier Project*!
        String: CreatorFullName CustomField Description* ModifierFullName ProjectCode ProjectDescription
            Report*
        Int32: Division
        Double: EstimatedPercentageCompleted*
        DateTime: Created EstimatedProjectEndDate* Modified ReferenceDate*
    """,
    "bulk/Project/ProjectWBS": """
        Guid: ID Creator DefaultItem Modifier Parent Project ProjectTerm Supplier
        String: Description Notes CustomField
        Int16: Type InvoiceMethod
        Int32: Division SequenceNumber
        Byte: AdditionalInvoicing BudgetOverrunHours Completed DefaultItemIsMandatory IsBaseline
            Milestone
        Double: Cost Hours PurchaseMarkupPercentage Revenue TimeQuantityToAlert PurchasePrice Quantity
        Boolean: BlockEntry BlockRebilling
        DateTime: BaselineDate Created EndDate Modified StartDate
    """,
    "sync/Project/ProjectWBS": """
        Guid: Creator DefaultItem ID Modifier PartOf Project ProjectTerm Supplier
        String: CreatorFullName CustomField Description ModifierFullName Notes PartOfDescription
            ProjectDescription ProjectTermDescription
        Int16: InvoiceMethod Type
        Int32: Division SequenceNumber
        Int64: Timestamp
        Byte: BlockEntry BlockRebilling BudgetOverrunHours Completed DefaultItemIsMandatory Milestone
            InvoiceSeparately
        Double: BudgetedCost BudgetedHours BudgetedQuantity BudgetedRevenue MarkupPercentage
            PurchasePrice TimeQuantityToAlert
        DateTime: Created EndDate InvoiceDate Modified StartDate
    """,
    "sync/Project/TimeCostTransactions": """
        Guid: Account Attachment Creator Employee ID Item Modifier Project ProjectAccount Subscription
            SubscriptionAccount WBS
        String: AccountName CreatorFullName Currency DivisionDescription ErrorText ItemDescription
            ModifierFullName Notes ProjectAccountCode ProjectAccountName ProjectCode ProjectDescription
            SubscriptionAccountCode SubscriptionAccountName SubscriptionDescription WBSDescription
            CustomField
        Int16: HourStatus Type
        Int32: Division EntryNumber SubscriptionNumber
        Int64: Timestamp
        Double: AmountFC PriceFC Quantity
        Boolean: ItemDivisable
        DateTime: Created Date EndTime Modified StartTime
    """,
}
